"""Ask for a metric by its name: `python -m orchestration.transforming.metrics query --metrics registrations`.

    dbt_project/models/semantic → semantic_manifest.json (dbt) → SQL (MetricFlow's `mf`) → warehouse.duckdb

`mf` looks for the manifest inside the project; this warehouse's stands beside its database. So it is run in a folder
that has both. Nothing is asked of the network.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from orchestration.loading.database import writer_lock
from orchestration.settings import Settings
from orchestration.transforming.dbt import TransformError, target_dir
from orchestration.transforming.parsed import PROJECT_DIR

MANIFEST = "semantic_manifest.json"


def run_metrics(settings: Settings, arguments: Sequence[str]) -> int:
    """Run any command of `mf` on this warehouse; its exit code. Raises TransformError where there is nothing to ask."""
    executable = Path(sys.executable).parent / "mf"
    if not executable.is_file():
        raise TransformError("dbt-metricflow is not installed; `make metrics` installs it")
    if not (target_dir(settings) / MANIFEST).is_file():
        raise TransformError(f"{target_dir(settings)}: no {MANIFEST} yet; run `warehouse transform`")
    with tempfile.TemporaryDirectory() as folder, writer_lock(settings):
        for path in PROJECT_DIR.iterdir():
            if path.name not in ("target", "logs"):
                (Path(folder) / path.name).symlink_to(path)
        (Path(folder) / "target").symlink_to(target_dir(settings))
        places = {"DBT_PROJECT_DIR": folder, "DBT_PROFILES_DIR": folder, "DBT_LOG_PATH": f"{folder}/logs"}
        return subprocess.run(
            [str(executable), *arguments], cwd=folder, env=settings.subprocess_environment() | places, check=False
        ).returncode


if __name__ == "__main__":
    try:
        sys.exit(run_metrics(Settings.from_environment(), sys.argv[1:]))
    except TransformError as error:
        sys.exit(str(error))
