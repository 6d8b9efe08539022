"""dbt's manifest, parsed once for all conventions."""

from __future__ import annotations

import os

import pytest

from orchestration.settings import Settings
from orchestration.transforming.parsed import read_manifest


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What dbt knows of every model, test and column, without a database having been built."""
    return read_manifest(
        Settings.from_environment({**os.environ, "WAREHOUSE_DIR": str(tmp_path_factory.mktemp("parsed"))})
    )
