"""The models' own SQL for all tests of the subsidies."""

from __future__ import annotations

import pytest
from support.compiled_project import CompiledProject
from support.core_sql import Compiled, compiled_rules_of


@pytest.fixture(scope="session")
def compiled_core(compiled_project: CompiledProject) -> Compiled:
    return compiled_rules_of(compiled_project)
