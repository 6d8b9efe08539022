"""dbt's reading of the project: parsed once for as long as the project stays as it is, whatever warehouse it is run on.

    dbt_project/, names of the seeds  →  dbt parse  →  dbt_project/target/parsed/<key>/

Parsing takes longer than most builds of a period, and dbt by itself does it anew for every warehouse directory and
every folder of seeds: `known-at`, `what-if` and a new deployment would each pay for it. What a manifest says does not
depend on either but for where the seeds lie, which manifest.py sets.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
from filelock import FileLock

from orchestration.settings import PROJECT_ROOT, Settings

PROJECT_DIR = PROJECT_ROOT / "dbt_project"
MANIFEST = "manifest.json"
PARTIAL_PARSE = "partial_parse.msgpack"
_LEFT_BY_DBT = frozenset({"target", "logs", "dbt_packages", "__pycache__"})
# As many states of the project as someone goes to and fro between; older ones are taken away.
_KEPT = 4


class ManifestError(Exception):
    """dbt can't parse the project; the message is dbt's own."""


def read_manifest(settings: Settings, project_dir: Path = PROJECT_DIR) -> dict[str, Any]:
    """The manifest of the project as it is now: read in milliseconds, or parsed first (some seconds, once).

    Raises ManifestError. Takes no lock of the warehouse: parsing opens no database.
    """
    return orjson.loads((parsed_project(settings, project_dir) / MANIFEST).read_bytes())


def parsed_project(settings: Settings, project_dir: Path = PROJECT_DIR) -> Path:
    """The folder with what dbt knows of the project as it is now, parsed first if need be. Raises ManifestError."""
    home = _home(settings, project_dir)
    folder = home / _key(settings, project_dir)
    if not (folder / MANIFEST).is_file():
        home.mkdir(parents=True, exist_ok=True)
        # Webserver, daemon and runs load the definitions in processes of their own: one parses, the others wait for it.
        with FileLock(home / ".lock"):
            if not (folder / MANIFEST).is_file():
                _parse(settings, project_dir, folder)
    return folder


def dbt_command() -> str:
    """dbt beside the interpreter that runs this, since .venv/bin need not be on PATH. Raises ManifestError."""
    executable = Path(sys.executable).with_name("dbt")
    if not executable.is_file():
        raise ManifestError(f"dbt is not installed beside {sys.executable}")
    return str(executable)


def _home(settings: Settings, project_dir: Path) -> Path:
    """Beside the project, for all warehouses; for this one alone where the project may only be read."""
    is_ours = os.access(project_dir, os.W_OK)
    return (project_dir / "target" if is_ours else settings.warehouse_dir / "dbt") / "parsed"


def _key(settings: Settings, project_dir: Path) -> str:
    """What the manifest depends on: dbt itself, every file of the project, the seeds' names, the database's name."""
    versions = (version(part) for part in ("dbt-core", "dbt-common", "dbt-adapters", "dbt-duckdb"))
    told = hashlib.sha256(" ".join((*versions, settings.database_path.stem)).encode())
    for path in sorted(_files(project_dir)):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        told.update(f"\n{path.relative_to(project_dir)} {content}".encode())
    told.update("".join(f"\n{path.name}" for path in sorted(settings.seeds_dir.glob("*.csv"))).encode())
    return told.hexdigest()[:16]


def _files(folder: Path) -> Iterator[Path]:
    for entry in folder.iterdir():
        if entry.is_file():
            yield entry
        elif entry.is_dir() and entry.name not in _LEFT_BY_DBT:
            yield from _files(entry)


def _parse(settings: Settings, project_dir: Path, folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=".parsing-", dir=folder.parent) as place:
        target = Path(place) / "target"
        target.mkdir()
        earlier = _newest_first(folder.parent)
        # Of the files that are as they were, dbt takes over what it knows already.
        if earlier and (earlier[0] / PARTIAL_PARSE).is_file():
            shutil.copyfile(earlier[0] / PARTIAL_PARSE, target / PARTIAL_PARSE)
        done = subprocess.run(
            [
                dbt_command(),
                "parse",
                *("--project-dir", str(project_dir)),
                *("--profiles-dir", str(project_dir)),
                *("--target-path", str(target)),
                *("--log-path", str(Path(place) / "logs")),
            ],
            # Not this warehouse's path: dbt parses all anew where the database lies elsewhere than the time before.
            env=settings.subprocess_environment() | {"WAREHOUSE_DATABASE": settings.database_path.name},
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
        target.rename(folder)
    for outdated in _newest_first(folder.parent)[_KEPT:]:
        shutil.rmtree(outdated, ignore_errors=True)


def _newest_first(home: Path) -> list[Path]:
    found = [path for path in home.iterdir() if path.is_dir() and not path.name.startswith(".")]
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)
