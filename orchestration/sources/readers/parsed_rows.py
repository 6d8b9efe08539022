"""Rows of JSON by a parser, whatever they look like.

Way: one JSON text a row, in memory -> DuckDB's json_transform with every known key declared as text -> fields.
Declared, because inference would turn an 18-digit id into a number; by json_transform, because a broken line then costs
itself only, and because it reads twice as many rows a second as read_json over a memory file does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.sources.column_map import ColumnMap
from orchestration.sources.feeds import Feed
from orchestration.sources.memory import memory_connection
from orchestration.sources.payload import MALFORMED, POSITION, UnknownColumn
from orchestration.sources.readers.json_keys import Scan
from orchestration.sources.readers.one_shape import has_no_other_key, keys_of
from orchestration.sources.readers.rows import FormatError, Naming, Rows, name_columns
from orchestration.sql_text import literal, quoted

FULL_SCAN_ROWS = 20_000
LINE = "line"
# A null where the line is no JSON: the function then doesn't raise for the whole column.
_VALID_LINE = "case when json_valid(line) then line end"


def parse(table: pa.Table, feed: Feed, column_map: ColumnMap) -> Rows:
    """Rows of a table of `_position`, `_malformed`, `line` (JSON text, null where `_malformed` says why).

    With no rows at all every field counts as delivered, since nothing shows which ones the sender knows. Raises
    FormatError (see `name_columns`), also where no row is a JSON object.
    """
    if table.num_rows == 0:
        names = [field.name for field in feed.fields]
        return _read(table, names, name_columns(names, feed, column_map), ())
    if found := _rows_of_one_shape(table, feed, column_map):
        return found
    scan = Scan(_sampled(table)[LINE].to_pylist())
    if not scan.objects_count:
        raise FormatError("no line is a JSON object (UTF-8, one object a line)", row=table[POSITION][0].as_py())
    keys = [*scan.keys]
    if table.num_rows > FULL_SCAN_ROWS:
        keys += _rare_keys(table, set(keys), feed, column_map)
    naming = name_columns(keys, feed, column_map)
    unknown = scan.described(tuple(naming.unknown), [keys[index] for index in naming.unknown.values()])
    return _read(table, keys, naming, unknown)


def naming_of(keys: Sequence[str], feed: Feed, column_map: ColumnMap) -> Naming | None:
    """What the first row's keys stand for; None where one is unknown, or two claim the same field: the other rows' keys
    are looked at before that is said."""
    try:
        naming = name_columns(keys, feed, column_map)
    except FormatError:
        return None
    return None if naming.unknown else naming


def _rows_of_one_shape(table: pa.Table, feed: Feed, column_map: ColumnMap) -> Rows | None:
    """The rows, where every one has the keys of the first one, all of them known; else None."""
    lines = table[LINE].combine_chunks()
    keys = keys_of(lines[0].as_py())
    if not keys or table[MALFORMED].null_count < table.num_rows or not pc.all(pc.starts_with(lines, "{")).as_py():
        return None
    naming = naming_of(keys, feed, column_map)
    if naming is None:
        return None
    transformed = f"unnest(json_transform({LINE}, {_structure(keys)}))"
    with memory_connection() as connection:
        try:
            values = connection.from_arrow(pa.table({LINE: lines})).project(transformed).to_arrow_table()
        except duckdb.Error:
            # Some line is no JSON.
            return None
    if not has_no_other_key(lines, values):
        return None
    kept = {**naming.contract, **naming.let_in}
    columns = {name: values.column(index) for name, index in kept.items()}
    return rows_under(naming, pa.table({POSITION: table[POSITION], MALFORMED: table[MALFORMED], **columns}))


def _read(table: pa.Table, keys: Sequence[str], naming: Naming, unknown: tuple[UnknownColumn, ...]) -> Rows:
    """The rows of any table, whatever its lines hold. `keys`: as delivered, with the spaces that a name is freed of."""
    kept = {**naming.contract, **naming.let_in}
    values = ", ".join(
        f"struct_extract(row_, {literal(keys[index])}) as {quoted(name)}" for name, index in kept.items()
    )
    # What was read and begins as an object is one: only the rest is parsed a second time, for its reason.
    reason = (
        f"case when row_ is not null and starts_with({LINE}, '{{') then null"
        f" else coalesce({MALFORMED}, case when not json_valid({LINE}) then 'not valid JSON'"
        f" when not starts_with(ltrim({LINE}, E' \\t\\r\\n'), '{{') then 'not a JSON object' end) end as {MALFORMED}"
    )
    # A line that can't be parsed gives null instead of an error for the whole column.
    transformed = f"try(json_transform({LINE}, {_structure([keys[index] for index in kept.values()])}))"
    with memory_connection() as connection:
        lines = connection.from_arrow(table).project(f"{POSITION}, {MALFORMED}, {LINE}, {transformed} as row_")
        try:
            return rows_under(naming, lines.project(f"{POSITION}, {reason}, {values}").to_arrow_table(), unknown)
        except duckdb.Error as error:
            failure = FormatError(f"can't be read as its format says ({type(error).__name__})")
    # Outside the handler: an error keeps the one it was raised under, and DuckDB's quotes the row it failed on.
    raise failure


def _structure(keys: Iterable[str]) -> str:
    """SQL of the structure that json_transform is to read: every key as text."""
    return literal(json.dumps(dict.fromkeys(keys, "VARCHAR"), ensure_ascii=False))


def rows_under(naming: Naming, table: pa.Table, unknown: tuple[UnknownColumn, ...] = ()) -> Rows:
    """The rows of a table whose columns `naming` has named."""
    return Rows(
        header=(*naming.contract, *naming.let_in),
        delivered_header=naming.delivered,
        non_personal=tuple(naming.let_in),
        unknown_columns=unknown,
        table=table,
    )


def _sampled(table: pa.Table) -> pa.Table:
    """Every row up to FULL_SCAN_ROWS, above that about as many, evenly spread."""
    step = -(-table.num_rows // FULL_SCAN_ROWS)
    return table if step <= 1 else table.take(pa.array(range(0, table.num_rows, step), pa.int64()))


def _rare_keys(table: pa.Table, seen: set[str], feed: Feed, column_map: ColumnMap) -> list[str]:
    """Known keys that the sample lacks but some other row has: a value of the contract must not hang on a sample."""
    known = {field.name for field in feed.fields} | column_map.non_personal
    candidates = [
        key for key in (*known, *column_map.fields) if key not in seen and column_map.fields.get(key, key) in known
    ]
    if not candidates:
        return []
    counts = ", ".join(f"count(struct_extract(row_, {literal(key)}))" for key in candidates)
    with memory_connection() as connection:
        row = f"json_transform({_VALID_LINE}, {_structure(candidates)}) as row_"
        found = connection.from_arrow(table).project(row).aggregate(counts).fetchall()[0]
    return [key for key, count in zip(candidates, found, strict=True) if count]
