"""Rows that name their own keys: NDJSON files and the rows of REST pages.

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
from orchestration.sources.json_keys import Scan
from orchestration.sources.memory import memory_connection
from orchestration.sources.one_shape import has_no_other_key, keys_of
from orchestration.sources.payload import MALFORMED, POSITION, UnknownColumn
from orchestration.sources.rows import FormatError, Naming, Rows, name_columns
from orchestration.sql_text import literal, quoted

FULL_SCAN_ROWS = 20_000
_BOM = b"\xef\xbb\xbf"
_LINE = "line"
# A null where the line is no JSON: the function then doesn't raise for the whole column.
_VALID_LINE = "case when json_valid(line) then line end"


def read_ndjson(data: bytes, feed: Feed, column_map: ColumnMap) -> Rows:
    """The lines of an NDJSON file; `_position` is the line's number. Raises FormatError when none is a JSON object."""
    whole = pa.array([data.removeprefix(_BOM)], pa.large_binary())
    lines = pc.list_flatten(pc.split_pattern(whole, pattern=b"\n"))
    if not lines[-1].as_py():
        lines = lines.slice(0, len(lines) - 1)
    malformed: pa.Array = pa.nulls(len(lines), pa.string())
    try:
        text = lines.cast(pa.large_string())
    except pa.ArrowInvalid:
        text, malformed = _decoded_one_by_one(lines)
    table = pa.table({POSITION: _numbers(len(lines)), MALFORMED: malformed, _LINE: text})
    # Where every line begins as an object does, none is blank.
    if not pc.all(pc.starts_with(text, "{")).as_py():
        is_filled = pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(text)), 0)
        table = table.filter(pc.or_kleene(is_filled, pc.is_valid(malformed)))
    return rows_of_json(table, feed, column_map)


def lines_table(rows: Sequence[bytes]) -> pa.Table:
    """A table of `_position`, `_malformed` and `line` from the JSON texts of rows: bytes, or msgspec.Raw.

    Raises FormatError when they are not UTF-8.
    """
    offsets = pc.cumulative_sum(pa.array([0, *map(len, rows)], pa.int64()))
    joined = pa.py_buffer(b"".join(rows))
    lines = pa.Array.from_buffers(pa.large_binary(), len(rows), [None, offsets.buffers()[1], joined])
    try:
        text = lines.cast(pa.large_string())
    except pa.ArrowInvalid:
        raise FormatError("the body is not UTF-8") from None
    return pa.table({POSITION: _numbers(len(rows)), MALFORMED: pa.nulls(len(rows), pa.string()), _LINE: text})


def _numbers(count: int) -> pa.Array:
    """1 .. count."""
    return pc.cumulative_sum(pa.repeat(pa.scalar(1, pa.int64()), count))


def rows_of_json(table: pa.Table, feed: Feed, column_map: ColumnMap) -> Rows:
    """Rows of a table of `_position`, `_malformed`, `line` (JSON text, null where `_malformed` says why).

    With no rows at all every field counts as delivered, since nothing shows which ones the sender knows. Raises
    FormatError (see `name_columns`), also where no row is a JSON object.
    """
    if table.num_rows == 0:
        names = [field.name for field in feed.fields]
        return _read(table, names, name_columns(names, feed, column_map), ())
    if found := _rows_of_one_shape(table, feed, column_map):
        return found
    scan = Scan(_sampled(table)[_LINE].to_pylist())
    if not scan.objects_count:
        raise FormatError("no line is a JSON object (UTF-8, one object a line)", row=table[POSITION][0].as_py())
    keys = [*scan.keys]
    if table.num_rows > FULL_SCAN_ROWS:
        keys += _rare_keys(table, set(keys), feed, column_map)
    naming = name_columns(keys, feed, column_map)
    unknown = scan.described(tuple(naming.unknown), [keys[index] for index in naming.unknown.values()])
    return _read(table, keys, naming, unknown)


def _rows_of_one_shape(table: pa.Table, feed: Feed, column_map: ColumnMap) -> Rows | None:
    """The rows, where every one has the keys of the first one, all of them known; else None."""
    lines = table[_LINE].combine_chunks()
    keys = keys_of(lines[0].as_py())
    if not keys or table[MALFORMED].null_count < table.num_rows or not pc.all(pc.starts_with(lines, "{")).as_py():
        return None
    try:
        naming = name_columns(keys, feed, column_map)
    except FormatError:
        # The other rows' keys are looked at before that is said.
        return None
    if naming.unknown:
        return None
    transformed = f"unnest(json_transform({_LINE}, {_structure(keys)}))"
    with memory_connection() as connection:
        try:
            values = connection.from_arrow(pa.table({_LINE: lines})).project(transformed).to_arrow_table()
        except duckdb.Error:
            # Some line is no JSON.
            return None
    if not has_no_other_key(lines, values):
        return None
    kept = {**naming.contract, **naming.let_in}
    columns = {name: values.column(index) for name, index in kept.items()}
    return _rows(pa.table({POSITION: table[POSITION], MALFORMED: table[MALFORMED], **columns}), naming, ())


def _read(table: pa.Table, keys: Sequence[str], naming: Naming, unknown: tuple[UnknownColumn, ...]) -> Rows:
    """The rows of any table, whatever its lines hold. `keys`: as delivered, with the spaces that a name is freed of."""
    kept = {**naming.contract, **naming.let_in}
    values = ", ".join(
        f"struct_extract(row_, {literal(keys[index])}) as {quoted(name)}" for name, index in kept.items()
    )
    # What was read and begins as an object is one: only the rest is parsed a second time, for its reason.
    reason = (
        f"case when row_ is not null and starts_with({_LINE}, '{{') then null"
        f" else coalesce({MALFORMED}, case when not json_valid({_LINE}) then 'not valid JSON'"
        f" when not starts_with(ltrim({_LINE}, E' \\t\\r\\n'), '{{') then 'not a JSON object' end) end as {MALFORMED}"
    )
    # A line that can't be parsed gives null instead of an error for the whole column.
    transformed = f"try(json_transform({_LINE}, {_structure([keys[index] for index in kept.values()])}))"
    with memory_connection() as connection:
        lines = connection.from_arrow(table).project(f"{POSITION}, {MALFORMED}, {_LINE}, {transformed} as row_")
        try:
            return _rows(lines.project(f"{POSITION}, {reason}, {values}").to_arrow_table(), naming, unknown)
        except duckdb.Error as error:
            failure = FormatError(f"can't be read as its format says ({type(error).__name__})")
    # Outside the handler: an error keeps the one it was raised under, and DuckDB's quotes the row it failed on.
    raise failure


def _structure(keys: Iterable[str]) -> str:
    """SQL of the structure that json_transform is to read: every key as text."""
    return literal(json.dumps(dict.fromkeys(keys, "VARCHAR"), ensure_ascii=False))


def _rows(table: pa.Table, naming: Naming, unknown: tuple[UnknownColumn, ...]) -> Rows:
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


def _decoded_one_by_one(lines: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Only for a file with bytes that are no UTF-8: such a line is lost, its neighbours are not."""
    texts: list[str | None] = []
    reasons: list[str | None] = []
    for line in lines.to_pylist():
        try:
            texts.append(line.decode("utf-8"))
            reasons.append(None)
        except UnicodeDecodeError:
            texts.append(None)
            reasons.append("not UTF-8")
    return pa.array(texts, pa.large_string()), pa.array(reasons, pa.string())
