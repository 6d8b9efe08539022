"""The one file that holds raw to marts, and the lock of the one process that may write it.

DuckDB itself refuses a second writer at once; the lock makes it wait instead, and covers dbt's process as well.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from orchestration.loading.raw_schema import create_raw_schema
from orchestration.settings import SHANGHAI, Settings

logger = logging.getLogger(__name__)

LOCK_NAME = ".writer.lock"
REMEDY = (
    "close it where another program has it open; where it is damaged, move it away and run `warehouse build`, which "
    "makes it anew from what has landed"
)
_UNREADABLE = (duckdb.IOException, duckdb.SerializationException, duckdb.FatalException)
# Clients from DuckDB 1.3 on can open files of this format; without it only 2.x could.
STORAGE_CONFIG = {"storage_compatibility_version": "v1.2.0"}


class LoadingError(Exception):
    """The warehouse can't be loaded or opened; nothing half-done was left behind. The message says what to do."""


class WarehouseLockedError(LoadingError):
    """Another process kept the warehouse for longer than the caller was ready to wait."""


class UnreadableDatabaseError(LoadingError):
    """A database file is damaged, or another program keeps it from being read. The message names it."""


@contextmanager
def writer_lock(settings: Settings, timeout_seconds: float = -1) -> Iterator[None]:
    """Hold the warehouse for writing: waits for whoever holds it (for ever by default), and says so in the log.

    Re-entrant within a thread. Every process that opens warehouse.duckdb for writing takes it, and so does whoever runs
    dbt. The operating system frees it when its holder dies. Raises WarehouseLockedError after `timeout_seconds`,
    LoadingError where the lock can't be written.
    """
    path = settings.warehouse_dir / LOCK_NAME
    lock = FileLock(path, is_singleton=True)
    try:
        settings.warehouse_dir.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        logger.warning("%s is being written by another process; waiting until it has ended", settings.database_path)
        try:
            lock.acquire(timeout=timeout_seconds)
        except Timeout:
            raise WarehouseLockedError(
                f"{settings.database_path}: still being written by another process after {timeout_seconds:g} s "
                f"(it holds {path})"
            ) from None
    except OSError as error:
        raise LoadingError(
            f"{path}: can't be written ({error.strerror}); whoever opens the warehouse, if only to read it, takes this "
            "lock, and needs to be allowed to write it"
        ) from None
    try:
        yield
    finally:
        lock.release()


def lock_descriptor(settings: Settings) -> int:
    """The open file that holds the writer lock; call it under `writer_lock`, in the same thread.

    A child that inherits it keeps the lock until it ends, even when its parent is killed: the next build then waits for
    an orphaned dbt instead of meeting it at the database file.
    """
    # filelock has no public name for it.
    descriptor = FileLock(settings.warehouse_dir / LOCK_NAME, is_singleton=True)._context.lock_file_fd
    assert descriptor is not None, "called without the writer lock"
    return descriptor


@contextmanager
def open_for_reading(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """warehouse.duckdb, read only, under the writer lock: waits for a running build. Raises UnreadableDatabaseError."""
    path = settings.database_path
    with writer_lock(settings), readable(path, REMEDY), duckdb.connect(str(path), read_only=True) as connection:
        yield connection


@contextmanager
def readable(path: Path, remedy: str) -> Iterator[None]:
    """Whatever DuckDB finds unreadable in the database file `path`, as an UnreadableDatabaseError with `remedy`."""
    try:
        yield
    except duckdb.Error as error:
        # A checksum that fails has no class of its own
        if type(error) is not duckdb.Error and not isinstance(error, _UNREADABLE):
            raise
        raise UnreadableDatabaseError(f"{path}: can't be read ({str(error).splitlines()[0]}); {remedy}") from None


def open_for_writing(settings: Settings) -> duckdb.DuckDBPyConnection:
    """A connection to warehouse.duckdb, the schema `raw` in place. Call it under `writer_lock`.

    Raises UnreadableDatabaseError.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        **STORAGE_CONFIG,
        "threads": settings.threads,
        "memory_limit": settings.memory_limit,
        "preserve_insertion_order": False,
    }
    if not settings.database_path.exists():
        _create(settings.database_path, config)
    with readable(settings.database_path, REMEDY):
        connection = duckdb.connect(str(settings.database_path), config=config)
    try:
        create_raw_schema(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _create(path: Path, config: dict[str, str | bool | int | float | list[str]]) -> None:
    """A whole empty database or none: DuckDB refuses a file of which a kill left the first bytes only."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    for left in (unfinished, unfinished.with_name(f"{unfinished.name}.wal")):
        left.unlink(missing_ok=True)
    duckdb.connect(str(unfinished), config=config).close()
    unfinished.rename(path)


def set_clock(settings: Settings, run_id: str | None = None) -> None:
    """Write down which moment counts as now (Shanghai wall time) for the models, and which run it is for.

    `raw.control` rather than dbt's --vars, because changed variables would make dbt parse the whole project again.
    """
    now = settings.now().astimezone(SHANGHAI).replace(tzinfo=None)
    with writer_lock(settings), open_for_writing(settings) as connection:
        connection.begin()
        connection.execute("delete from raw.control")
        connection.execute("insert into raw.control values (?, ?)", [now, run_id or f"{now:%Y%m%dT%H%M%S}"])
        connection.commit()


def wall_time(moment: datetime) -> datetime:
    """The naive Shanghai wall time of a moment with offset, as every TIMESTAMP of the warehouse is."""
    return moment.astimezone(SHANGHAI).replace(tzinfo=None)
