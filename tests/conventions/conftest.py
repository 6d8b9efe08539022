"""dbt's manifest, parsed once for all conventions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from project_files import ROOT

from orchestration.settings import Settings


@pytest.fixture(scope="session")
def manifest(tmp_path_factory) -> dict:
    """What dbt knows of every model, test and column, without a database having been built."""
    target = tmp_path_factory.mktemp("dbt")
    settings = Settings.from_environment({**os.environ, "WAREHOUSE_DIR": str(target)})
    project = str(ROOT / "dbt_project")
    ended = subprocess.run(
        [
            *(str(Path(sys.executable).parent / "dbt"), "parse", "--project-dir", project, "--profiles-dir", project),
            *("--target-path", str(target), "--log-path", str(target)),
        ],
        env=settings.subprocess_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return json.loads((target / "manifest.json").read_text(encoding="utf-8"))
