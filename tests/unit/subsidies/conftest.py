"""dbt compiles once for all tests of the subsidies."""

from __future__ import annotations

import pytest
from support.core_sql import Compiled, compile_rules


@pytest.fixture(scope="session")
def compiled_core(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    return compile_rules(tmp_path_factory.mktemp("compiled_core"))
