"""Rows that a test writes as literals, each value cast to its column's type; what a row does not name is null."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

Row = Mapping[str, Any]


def insert(connection: duckdb.DuckDBPyConnection, place: str, rows: Sequence[Row], types: Mapping[str, str]) -> None:
    """Add rows to the table `place` (schema.table), whose columns have these types, in one statement."""
    if rows:
        names = list(dict.fromkeys(name for row in rows for name in row))
        listed = ", ".join(f'"{name}"' for name in names)
        connection.execute(f"insert into {place} ({listed}) {_values(rows, names, types)}", _flat(rows, names))


def in_order(
    connection: duckdb.DuckDBPyConnection, rows: Sequence[Row], names: Sequence[str], types: Mapping[str, str]
) -> list[tuple[Any, ...]]:
    """The columns `names` of the rows, as DuckDB has and orders them."""
    query = f"select * from ({_values(rows, names, types)}) as given order by all"
    return connection.execute(query, _flat(rows, names)).fetchall()


def _values(rows: Sequence[Row], names: Sequence[str], types: Mapping[str, str]) -> str:
    row = ", ".join(f"cast(? as {types[name]})" for name in names)
    return f"values {', '.join([f'({row})'] * len(rows))}"


def _flat(rows: Sequence[Row], names: Sequence[str]) -> list[Any]:
    return [row.get(name) for row in rows for name in names]
