"""`checked`: a payload's rows as they would land, and what is wrong with each.

A table, since each row has to be judged by itself. Where nothing is left to judge, because every column was read as a
whole (whole_columns.py), the rows of a large export are not copied once more: they stay a view.
"""

from __future__ import annotations

import duckdb

from orchestration.sources.checking import contract_sql as sql
from orchestration.sources.checking.contract_sql import Fault
from orchestration.sources.checking.delivered import Delivered
from orchestration.sources.feeds import PERSONAL_KINDS, Feed
from orchestration.sources.payload import MALFORMED, POSITION, Payload
from orchestration.sql_text import literal, quoted

# Below it planning the view's statement time and again takes longer than the copy.
WORTH_A_VIEW_ROWS = 10_000
_NO_FAULT = "0::UBIGINT"
_ROWS = "CREATE TEMP TABLE IF NOT EXISTS checked_rows AS"
_VIEW = "CREATE OR REPLACE TEMP VIEW checked AS"


def create_checked(
    connection: duckdb.DuckDBPyConnection,
    delivered: Delivered,
    payload: Payload,
    feed: Feed,
    faults: tuple[Fault, ...],
    outside: tuple[str, ...],
    period: str,
) -> None:
    """The view `checked`: every landed column, and `_faults`, a mask over `faults`. `period`: SQL of the first day of a
    row's period. Raises duckdb.Error."""
    plain = [field for field in feed.fields if field.kind not in PERSONAL_KINDS]
    values = [f"{delivered.values.get(f.name) or sql.value_sql(f)} AS {sql.value_column(f)}" for f in plain]
    columns = {field.name: sql.value_column(field) for field in plain}
    columns |= sql.derived_sql(feed, payload.sender_id) | delivered.derived | sql.pseudonyms_sql(feed)
    mask = _mask_sql(faults, delivered)
    rows = f"""
        SELECT
            {POSITION},
            {period} AS _period_start,
            {", ".join(f"{text} AS {quoted(name)}" for name, text in columns.items())},
            {_extra_sql(outside, payload.non_personal)} AS _extra,
            {mask} AS _faults
        FROM (SELECT *, {", ".join(values)} FROM {delivered.rows})
        """
    connection.execute("DROP TABLE IF EXISTS checked_rows")
    if mask == _NO_FAULT and payload.table.num_rows >= WORTH_A_VIEW_ROWS:
        connection.execute(f"{_VIEW} {rows}")
    else:
        connection.execute(f"{_ROWS} {rows}")
        connection.execute(f"{_VIEW} FROM checked_rows")


def add_fault(connection: duckdb.DuckDBPyConnection, bit: int, positions: str) -> None:
    """Give the rows whose positions the SQL `positions` lists one more fault. Raises duckdb.Error."""
    _make_table(connection)
    connection.execute(
        f"UPDATE checked_rows SET _faults = _faults | {1 << bit}::UBIGINT WHERE {POSITION} IN ({positions})"
    )


def keep(connection: duckdb.DuckDBPyConnection, positions: str) -> None:
    """Forget the rows whose positions the SQL `positions` does not list. Raises duckdb.Error."""
    _make_table(connection)
    connection.execute(f"DELETE FROM checked_rows WHERE {POSITION} NOT IN ({positions})")


def _make_table(connection: duckdb.DuckDBPyConnection) -> None:
    """Have the rows of `checked` where they can be changed, if they are not there yet."""
    connection.execute(f"{_ROWS} FROM checked")
    connection.execute(f"{_VIEW} FROM checked_rows")


def _mask_sql(faults: tuple[Fault, ...], delivered: Delivered) -> str:
    bits = [
        f"if({fault.condition}, {1 << number}::UBIGINT, {_NO_FAULT})"
        for number, fault in enumerate(faults)
        if number and fault not in delivered.settled and fault.condition != "false"
    ]
    mask = " | ".join(bits) or _NO_FAULT
    # A row that couldn't be read has no fields to judge.
    return mask if delivered.are_all_read else f"CASE WHEN {MALFORMED} IS NOT NULL THEN 1::UBIGINT ELSE {mask} END"


def _extra_sql(outside: tuple[str, ...], non_personal: tuple[str, ...]) -> str:
    kept = [(number, name) for number, name in enumerate(outside) if name in non_personal]
    if not kept:
        return "NULL::VARCHAR"
    pairs = ", ".join(f"{literal(name)}, x_{number}" for number, name in kept)
    is_filled = " OR ".join(f"x_{number} IS NOT NULL" for number, _ in kept)
    return f"CASE WHEN {is_filled} THEN json_object({pairs})::VARCHAR END"
