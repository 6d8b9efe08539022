"""The marts' own SQL for all their tests."""

from __future__ import annotations

import pytest
from marts_sql import Compiled, compiled_marts_of
from support.compiled_project import CompiledProject


@pytest.fixture(scope="session")
def compiled(compiled_project: CompiledProject) -> Compiled:
    return compiled_marts_of(compiled_project)
