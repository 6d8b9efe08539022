"""Dagster's event log in SQLite, without waiting for the disk at every single event.

A backfill of eight periods × 86 senders writes two events a partition, thousands in all. Dagster's own storage opens
two databases for each, commits, and on closing has SQLite copy its log back and wait for the disk, several times over.

What Dagster hands over together goes in together: what a run plans, some hundred events, and what a step materialized
of many partitions.

Kept as it is: the files and their schema, so that either storage can read what the other wrote, and that the log of a
run is closed after each event, because the pages that show it live watch that file. Only the index of all events stays
open. A killed process loses nothing. When the machine itself goes down, the log of a run going on may be damaged; the
index, the runs and the record of what landed (landing/) are not.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from dagster import EventLogEntry
from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import NullPool, QueuePool

from orchestration.settings import set_where_unset

_MOST_ENGINES = 16
# Dagster hands over each event by itself unless a size is set here.
_BATCH_SIZE = ("DAGSTER_EVENT_BATCH_SIZE", "1000")


class UnhurriedEventLog(SqliteEventLogStorage):
    """See the module; configured like Dagster's own: `base_dir`."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._tables: set[str] = set()
        # Of a batch going on: what closes its connections, and those by shard
        self._batch: ExitStack | None = None
        self._in_batch: dict[str, Connection] = {}
        super().__init__(base_dir, inst_data)
        # Taken again by each event of a batch
        self._db_lock = threading.RLock()  # type: ignore[assignment]
        set_where_unset(*_BATCH_SIZE)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> UnhurriedEventLog:
        return cls(inst_data=inst_data, **config_value)

    def has_table(self, table_name: str) -> bool:
        """Of the index. Dagster asks for the same tables with every event; one that is there stays."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """All of them or none: where one can't be stored, Dagster stores the others one by one."""
        with self._db_lock:
            try:
                with ExitStack() as self._batch:
                    super().store_event_batch(events)
            finally:
                self._batch = None
                self._in_batch.clear()

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            if self._batch is None:
                with self._opened(shard) as connection:
                    yield connection
                return
            if shard not in self._in_batch:
                self._in_batch[shard] = self._batch.enter_context(self._opened(shard))
            yield self._in_batch[shard]

    @contextmanager
    def _opened(self, shard: str) -> Iterator[Connection]:
        engine = self._engine(shard)
        if shard not in self._initialized_dbs:
            self._initdb(engine)
            self._initialized_dbs.add(shard)
        with engine.connect() as connection, connection.begin():
            yield connection

    def dispose(self) -> None:
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()
        super().dispose()

    def _engine(self, shard: str) -> Engine:
        if shard in self._engines:
            self._engines.move_to_end(shard)
            return self._engines[shard]
        is_index = shard == INDEX_SHARD_NAME
        engine = create_engine(
            self.conn_string_for_shard(shard),
            poolclass=QueuePool if is_index else NullPool,
            connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS},
        )
        # With its write-ahead log SQLite stays whole at NORMAL whatever happens; OFF never waits for the disk.
        pragma = f"PRAGMA synchronous={'NORMAL' if is_index else 'OFF'}"
        event.listen(engine, "connect", lambda connection, _: connection.execute(pragma))
        self._engines[shard] = engine
        if len(self._engines) > _MOST_ENGINES:
            oldest = next(name for name in self._engines if name != INDEX_SHARD_NAME)
            self._engines.pop(oldest).dispose()
        return engine
