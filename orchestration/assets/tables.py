"""Tables for the metadata of materializations and checks, from plain rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from dagster import MetadataValue, TableColumn, TableMetadataValue, TableRecord, TableSchema

# A table is read by a person in a dialog; what is beyond it is counted and left to the mart.
MOST_ROWS = 200

Cell = str | int | float | bool | None | date | datetime


def table(columns: Mapping[str, str], rows: Sequence[Sequence[Cell]]) -> TableMetadataValue:
    """A metadata table. `columns`: name -> Dagster's type (string, int, float, bool); at most MOST_ROWS rows are
    kept."""
    schema = TableSchema([TableColumn(name, kind) for name, kind in columns.items()])
    names = list(columns)
    records = [
        TableRecord({name: _plain(value) for name, value in zip(names, row, strict=True)}) for row in rows[:MOST_ROWS]
    ]
    return MetadataValue.table(records, schema)


def _plain(value: Cell) -> str | int | float | bool:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    return value
