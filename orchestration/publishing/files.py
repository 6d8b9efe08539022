"""Versions on disk, and the one moment in which readers move to a new one.

    published/.marts-<run>.duckdb.unfinished → published/marts-<run>.duckdb ← published/marts.duckdb (symlink)
    published/.parquet/<run>/<mart>/         ← published/parquet/<mart>      (symlink, one for each table)

A reader resolves the symlink when it opens the file: those who have it open keep their version, the next connection
meets the new one. The run names sort by time.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orchestration.publishing.errors import PublishError

KEPT_VERSIONS = 5
LINK_NAME = "marts.duckdb"
PARQUET_DIR, _PARQUET_VERSIONS_DIR = "parquet", ".parquet"
UNFINISHED = ".unfinished"
_STAMP = "%Y%m%dT%H%M%SZ"
_VERSION_FILE = re.compile(r"marts-(?P<version>(?P<stamp>\d{8}T\d{6}Z)-[0-9a-f]{8})\.duckdb")


def new_version(folder: Path) -> str:
    """A name for a new publication: UTC stamp and a short random id; it sorts after every version there is."""
    stamp = datetime.now(tz=UTC).replace(microsecond=0)
    if names := versions(folder):
        newest = datetime.strptime(names[-1].partition("-")[0], _STAMP).replace(tzinfo=UTC)
        stamp = max(stamp, newest + timedelta(seconds=1))
    return f"{stamp.strftime(_STAMP)}-{secrets.token_hex(4)}"


def version_path(folder: Path, version: str) -> Path:
    return folder / f"marts-{version}.duckdb"


def unfinished_path(folder: Path, version: str) -> Path:
    return folder / f".marts-{version}.duckdb{UNFINISHED}"


def parquet_path(folder: Path, version: str) -> Path:
    return folder / _PARQUET_VERSIONS_DIR / version


def versions(folder: Path) -> list[str]:
    """The versions that are there, oldest first; publications under a name of their own are none."""
    found = (_VERSION_FILE.fullmatch(path.name) for path in folder.glob("marts-*.duckdb"))
    return sorted(match["version"] for match in found if match)


def current_version(folder: Path) -> str | None:
    """The version that readers meet now."""
    link = folder / LINK_NAME
    match = _VERSION_FILE.fullmatch(link.readlink().name) if link.is_symlink() else None
    return match["version"] if match else None


def swap_database(folder: Path, version: str) -> None:
    """Let the next connection to marts.duckdb meet `version`. Raises PublishError where a plain file is in the way."""
    link = folder / LINK_NAME
    if link.exists() and not link.is_symlink():
        raise PublishError(f"{link} is a file of its own, not this project's symlink; move it away and publish again")
    _swap(link, version_path(folder, version).name)


def check_parquet(folder: Path, tables: Collection[str]) -> None:
    """Raise PublishError where something else lies in the place of the Parquet of `tables`."""
    links = folder / PARQUET_DIR
    if links.exists() and not links.is_dir():
        raise PublishError(f"{links} is a file of its own, not this project's folder; move it away and publish again")
    for link in (links / table for table in tables):
        if link.exists() and not link.is_symlink():
            raise PublishError(
                f"{link} is a folder of its own, not this project's symlink; move it away and publish again"
            )


def swap_parquet(folder: Path, version: str, tables: Collection[str]) -> None:
    """The same for each table's Parquet folder; links of tables that are no longer published go."""
    links = folder / PARQUET_DIR
    links.mkdir(exist_ok=True)
    for table in tables:
        _swap(links / table, _parquet_target(version, table))
    for link in links.iterdir():
        if link.is_symlink() and link.name not in tables:
            link.unlink()
    make_durable(links)


def finish_parquet(folder: Path, version: str) -> None:
    """Let every table's Parquet be that of `version`, where a kill or an error came between the links."""
    built = parquet_path(folder, version)
    tables = [path.name for path in built.iterdir()] if built.is_dir() else []
    links = {link.name: str(link.readlink()) for link in folder.glob(f"{PARQUET_DIR}/*") if link.is_symlink()}
    if links != {table: _parquet_target(version, table) for table in tables} and tables:
        check_parquet(folder, tables)
        swap_parquet(folder, version, tables)


def _parquet_target(version: str, table: str) -> str:
    return os.path.join("..", _PARQUET_VERSIONS_DIR, version, table)  # noqa: PTH118 - a relative link


def _swap(link: Path, target: str) -> None:
    beside = link.with_name(f".{link.name}{UNFINISHED}")
    beside.unlink(missing_ok=True)
    beside.symlink_to(target)
    beside.replace(link)
    make_durable(link.parent)


def tidy(folder: Path) -> None:
    """Remove what a kill left unfinished and all but the last versions; never the one that readers meet."""
    current = current_version(folder)
    for path in folder.glob(f".*{UNFINISHED}*"):
        _remove(path)
    # Finished but never swapped in: the kill came between the two
    names = versions(folder)
    never_met = [name for name in names if current is None or name > current]
    kept = {name for name in names if name not in never_met}
    kept = set(sorted(kept)[-KEPT_VERSIONS:]) | ({current} if current else set())
    for name in names:
        if name not in kept:
            _remove(version_path(folder, name))
    for path in folder.glob(f"{_PARQUET_VERSIONS_DIR}/*"):
        # Readers of Parquet move one table after the other: the last links may still lead to the version before
        if path.name not in kept and path.name not in _linked_versions(folder):
            _remove(path)
    with suppress(OSError):
        # Where nothing has ever been published nothing is left
        (folder / _PARQUET_VERSIONS_DIR).rmdir()


def _linked_versions(folder: Path) -> set[str]:
    links = (link for link in folder.glob(f"{PARQUET_DIR}/*") if link.is_symlink())
    return {link.readlink().parent.name for link in links}


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def make_durable(path: Path) -> None:
    """fsync a file, or a folder with the files in it."""
    for each in [*(path.iterdir() if path.is_dir() else []), path]:
        if each.is_symlink() or not each.exists():
            continue
        descriptor = os.open(each, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
