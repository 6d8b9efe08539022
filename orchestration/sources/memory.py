"""Connections that may hold raw rows: in memory, nothing ever spilled to disk, no extension from the network."""

from __future__ import annotations

import threading

import duckdb

from orchestration.sql_text import literal

_lock = threading.Lock()
_database: list[duckdb.DuckDBPyConnection] = []
# The limit set last: setting it again has DuckDB look through all its memory.
_limit: list[str] = []


def memory_connection(memory_limit: str | None = None) -> duckdb.DuckDBPyConnection:
    """A connection of its own, with its own temporary tables, to this process's in-memory database.

    One database for all, since making one takes longer than a batch; a statement runs in the thread that asks for it,
    since many work side by side. `memory_limit` is that of all together from then on; DuckDB's default at first.
    """
    with _lock:
        if not _database:
            config: dict[str, str | bool | int | float | list[str]] = {
                "threads": 1,
                "temp_directory": "",
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                # A column of text leaves as one piece, however long.
                "arrow_large_buffer_size": True,
            }
            _database.append(duckdb.connect(":memory:", config=config))
        connection = _database[0].cursor()
        if memory_limit is not None and [memory_limit] != _limit:
            connection.execute(f"SET memory_limit = {literal(memory_limit)}")
            _limit[:] = [memory_limit]
    return connection
