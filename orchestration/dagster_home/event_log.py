"""Dagster's event log in SQLite, without waiting for the disk at every single event.

A backfill of eight periods × 86 senders writes two events a partition, thousands in all. Dagster's own storage opens
two databases for each, commits, and on closing has SQLite copy its log back and wait for the disk, several times over.

Kept as it is: the files and their schema, so that either storage can read what the other wrote, and that the log of a
run is closed after each event, because the pages that show it live watch that file. Only the index of all events stays
open. A killed process loses nothing. When the machine itself goes down, the log of a run going on may be damaged; the
index, the runs and the record of what landed (landing/) are not.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import NullPool, QueuePool

_MOST_ENGINES = 16


class UnhurriedEventLog(SqliteEventLogStorage):
    """See the module; configured like Dagster's own: `base_dir`."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> UnhurriedEventLog:
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
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
