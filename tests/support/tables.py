"""Two warehouses are compared value by value."""

from __future__ import annotations

from pathlib import Path

import duckdb


def tables_of(database: Path, schema: str) -> dict[str, list[tuple]]:
    """Every table and view of a schema, its rows in one order."""
    with duckdb.connect(str(database), read_only=True) as connection:
        names = connection.execute(
            "select table_name from information_schema.tables where table_schema = ? order by all", [schema]
        ).fetchall()
        return {name: connection.execute(f"from {schema}.{name} order by all").fetchall() for (name,) in names}
