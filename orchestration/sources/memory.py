"""Connections that may hold raw rows: in memory, nothing ever spilled to disk, no extension from the network."""

from __future__ import annotations

import threading

import duckdb

_databases = threading.local()


def memory_connection(memory_limit: str | None = None) -> duckdb.DuckDBPyConnection:
    """A connection of its own, with its own temporary tables, to this thread's in-memory database.

    One database a thread, since making one takes longer than a small batch; one DuckDB thread each, since many work
    side by side. `memory_limit`: DuckDB's own default where none is given.
    """
    known: dict[str, duckdb.DuckDBPyConnection] = _databases.__dict__
    name = memory_limit or ""
    if name not in known:
        config: dict[str, str | bool | int | float | list[str]] = {
            "threads": 1,
            "temp_directory": "",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            # A column of text leaves as one piece, however long.
            "arrow_large_buffer_size": True,
        }
        if memory_limit is not None:
            config["memory_limit"] = memory_limit
        known[name] = duckdb.connect(":memory:", config=config)
    return known[name].cursor()
