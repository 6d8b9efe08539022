"""From a table as its sender laid it out to the columns that a payload promises.

Way: headers -> column map -> fields; values stay text. Every table format (delimited, sheet, Parquet, xAPI) ends here;
NDJSON and REST pages, whose rows name their own keys, take ndjson.py but share the naming.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
from typing_extensions import Buffer

from orchestration.sources.column_map import ColumnMap
from orchestration.sources.feeds import Feed
from orchestration.sources.memory import memory_connection
from orchestration.sources.payload import MALFORMED, POSITION, UnknownColumn
from orchestration.sql_text import quoted

# A header that holds this many digits in a row is more likely somebody's number than a column's name.
_LOOKS_LIKE_A_NUMBER = re.compile(r"\d{5,}|@")
_HASHED_AT_ONCE = 5_000


class FormatError(Exception):
    """A file or page that can't be read as what it claims to be; the connector adds sender, feed and file.

    `row` is the 1-based data row; the message holds no value of a row.
    """

    def __init__(self, message: str, field: str | None = None, row: int | None = None) -> None:
        self.message = message
        self.field = field
        self.row = row
        super().__init__(message)


@dataclass(frozen=True)
class Rows:
    """What a format's reader makes of one file or pull; the same fields as in `payload.Payload`."""

    header: tuple[str, ...]
    delivered_header: tuple[str, ...]
    non_personal: tuple[str, ...]
    unknown_columns: tuple[UnknownColumn, ...]
    table: pa.Table = field(repr=False)


@dataclass(frozen=True)
class Naming:
    """Which delivered name stands for what. Indexes point into the delivered names.

    `contract`: field of the feed -> index; `let_in`: field a map lists as non_personal -> index; `unknown`: the name
    under which a column is reported -> index.
    """

    contract: dict[str, int]
    let_in: dict[str, int]
    unknown: dict[str, int]
    delivered: tuple[str, ...]


def sha256_of_rows(rows: Sequence[Buffer]) -> str:
    """Of the rows that pages carried, not of the pages: the same rows cut into other pages are the same payload."""
    digest = hashlib.sha256()
    for start in range(0, len(rows), _HASHED_AT_ONCE):
        digest.update(b"\n".join([*rows[start : start + _HASHED_AT_ONCE], b""]))
    return digest.hexdigest()


def name_columns(delivered: Sequence[str | None], feed: Feed, column_map: ColumnMap) -> Naming:
    """Give every delivered column its field. Raises FormatError when two columns claim the same one.

    When no name at all is known the first row is probably no header but data, so that it isn't repeated in the message.
    """
    names = [(name or "").strip().removeprefix("\ufeff").strip() for name in delivered]
    of_contract = {field.name for field in feed.fields}
    contract: dict[str, int] = {}
    let_in: dict[str, int] = {}
    leftover: list[int] = []
    for index, name in enumerate(names):
        field = column_map.field(name) or name
        target = contract if field in of_contract else let_in if field in column_map.non_personal else None
        if target is None:
            leftover.append(index)
        elif field in target:
            other = names[target[field]]
            what = f"{name!r} appears twice" if other == name else f"{other!r} and {name!r} both stand for {field}"
            raise FormatError(f"header: {what}", field=field)
        else:
            target[field] = index
    if names and not contract:
        raise FormatError(
            f"none of the {len(names)} column names is known; is the header missing? "
            f"Expected: {', '.join(field.name for field in feed.fields)}, or their names in a column map"
        )
    taken = {name.lower() for name in (*contract, *let_in, POSITION, MALFORMED)}
    unknown: dict[str, int] = {}
    for index in leftover:
        shown = shown_name(names[index], index)
        # DuckDB's column names ignore case: `Status` beside `status` must not collide.
        while shown.lower() in taken:
            shown = f"{shown} (column {index + 1})"
        taken.add(shown.lower())
        unknown[shown] = index
    shown_names = tuple(name if index not in leftover else shown_name(name, index) for index, name in enumerate(names))
    return Naming(contract, let_in, unknown, shown_names)


def shown_name(name: str, index: int) -> str:
    """A delivered name that may stand in a message or a ledger: never one that could be somebody's number."""
    if not name or _LOOKS_LIKE_A_NUMBER.search(name):
        return f"(column {index + 1})"
    return " ".join(name.split())[:60]


def rows_of_table(
    delivered: Sequence[str | None],
    columns: Sequence[pa.ChunkedArray],
    feed: Feed,
    column_map: ColumnMap,
    *,
    positions: pa.ChunkedArray | None = None,
    malformed: pa.ChunkedArray | None = None,
) -> Rows:
    """The rows of a table whose columns are text already, `delivered[i]` naming `columns[i]`.

    `positions` default to 1.. ; rows with nothing in any column are dropped (blank lines, a sheet's formatted tail),
    and so is a nameless column with nothing in it. Raises FormatError (see `name_columns`).
    """
    kept = [
        index
        for index, name in enumerate(delivered)
        if (name or "").strip() or columns[index].null_count < len(columns[index])
    ]
    delivered = [delivered[index] for index in kept]
    columns = [columns[index] for index in kept]
    naming = name_columns(delivered, feed, column_map)
    rows_count = len(columns[0]) if columns else 0
    order = {**naming.contract, **naming.let_in, **naming.unknown}
    table = pa.table(
        {
            POSITION: positions
            if positions is not None
            else pa.chunked_array([pa.array(range(1, rows_count + 1), pa.int64())]),
            MALFORMED: malformed if malformed is not None else pa.nulls(rows_count, pa.string()),
            **{name: columns[index].cast(pa.large_string()) for name, index in order.items()},
        }
    )
    table = _without_blank_rows(table)
    return Rows(
        header=tuple(order),
        delivered_header=naming.delivered,
        non_personal=tuple(naming.let_in),
        unknown_columns=_described(table, tuple(naming.unknown)),
        table=table,
    )


def _without_blank_rows(table: pa.Table) -> pa.Table:
    is_filled = pc.is_valid(table[MALFORMED])
    for name in table.column_names[2:]:
        is_filled = pc.or_(is_filled, pc.is_valid(table[name]))
    return table.filter(is_filled)


def _described(table: pa.Table, names: tuple[str, ...]) -> tuple[UnknownColumn, ...]:
    """Type and filled share of the unknown columns, over all rows."""
    if not names:
        return ()
    with memory_connection() as connection:
        relation = connection.from_arrow(table)
        return tuple(
            UnknownColumn(name, *relation.aggregate(_TYPE_AND_SHARE.format(column=quoted(name))).fetchall()[0])
            for name in names
        )


_TYPE_AND_SHARE = """
    case
        when count({column}) = 0 then 'text'
        when count({column}) filter (regexp_full_match({column}, '[+-]?[0-9]+')) = count({column}) then 'integer'
        when count(try_cast({column} as double)) = count({column}) then 'number'
        when count({column}) filter (lower({column}) in ('true', 'false', '是', '否')) = count({column}) then 'boolean'
        when count(try_cast({column} as timestamp)) = count({column}) then 'timestamp'
        else 'text'
    end,
    coalesce(round(count({column}) / nullif(count(*), 0), 4), 0.0)
"""
