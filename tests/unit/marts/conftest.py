"""dbt compiles once for all tests of the marts."""

from __future__ import annotations

import pytest
from marts_sql import Compiled, compile_marts


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    return compile_marts(tmp_path_factory.mktemp("compiled_marts"))
