"""dbt's manifest: what Dagster reads the models from, made when it is missing or older than the project.

It lies apart from the target folder of dbt's builds, which rewrite theirs while others may be reading it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from filelock import FileLock

from orchestration.settings import Settings
from orchestration.transforming.dbt import PROJECT_DIR

MANIFEST = "manifest.json"
_LEFT_BY_DBT = frozenset({"target", "logs", "dbt_packages", "__pycache__"})


class ManifestError(Exception):
    """dbt can't parse the project; the message is dbt's own."""


def read_manifest(settings: Settings, project_dir: Path = PROJECT_DIR) -> dict[str, Any]:
    """The manifest of the project as it is now: read in milliseconds, or parsed first (some seconds, once).

    Raises ManifestError. Takes no lock of the warehouse: parsing opens no database.
    """
    path = manifest_dir(settings) / MANIFEST
    if _is_stale(path, settings, project_dir):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Webserver, daemon and runs load the definitions in processes of their own: one parses, the others wait for it.
        with FileLock(path.with_suffix(".lock")):
            if _is_stale(path, settings, project_dir):
                _parse(settings, project_dir)
    return json.loads(path.read_text(encoding="utf-8"))


def manifest_dir(settings: Settings) -> Path:
    return settings.warehouse_dir / "dbt" / "dagster"


def dbt_command() -> str:
    """dbt beside the interpreter that runs this, since .venv/bin need not be on PATH. Raises ManifestError."""
    executable = Path(sys.executable).with_name("dbt")
    if not executable.is_file():
        raise ManifestError(f"dbt is not installed beside {sys.executable}")
    return str(executable)


def _is_stale(path: Path, settings: Settings, project_dir: Path) -> bool:
    try:
        made_at = path.stat().st_mtime
    except FileNotFoundError:
        return True
    return _changed_at(project_dir) > made_at or _changed_at(settings.seeds_dir) > made_at


def _changed_at(folder: Path) -> float:
    """When anything below `folder` was last changed; a folder's own time tells of files taken away."""
    if not folder.is_dir():
        return 0.0
    newest = max((entry.stat().st_mtime for entry in folder.iterdir() if entry.is_file()), default=0.0)
    below = (entry for entry in folder.iterdir() if entry.is_dir() and entry.name not in _LEFT_BY_DBT)
    # The project's own folder changes when dbt makes `target` in it, so only the folders below count by themselves.
    return max([newest, *(max(entry.stat().st_mtime, _changed_at(entry)) for entry in below)])


def _parse(settings: Settings, project_dir: Path) -> None:
    target = manifest_dir(settings)
    done = subprocess.run(
        [
            dbt_command(),
            "parse",
            *("--project-dir", str(project_dir)),
            *("--profiles-dir", str(project_dir)),
            *("--target-path", str(target)),
            *("--log-path", str(target / "logs")),
        ],
        env=settings.subprocess_environment(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise ManifestError(
            f"dbt can't parse {project_dir.name}:\n{done.stdout.strip()}\n{done.stderr.strip()}".strip()
        )
    # A manifest that dbt found nothing to change in keeps its old time otherwise.
    (target / MANIFEST).touch()
