"""Rows that name their own keys: NDJSON files and the rows of REST pages.

Rows that are all written alike, as exports write them, need no parser (one_layout.py); all others get one
(parsed_rows.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.sources.column_map import ColumnMap
from orchestration.sources.feeds import Feed
from orchestration.sources.payload import MALFORMED, POSITION
from orchestration.sources.readers.one_layout import layout_of, read_texts
from orchestration.sources.readers.parsed_rows import LINE, naming_of, parse, rows_under
from orchestration.sources.readers.rows import FormatError, Rows

_BOM = b"\xef\xbb\xbf"


def read_ndjson(data: bytes, feed: Feed, column_map: ColumnMap) -> Rows:
    """The lines of an NDJSON file; `_position` is the line's number. Raises FormatError when none is a JSON object."""
    text = data.removeprefix(_BOM)
    return _rows_of_one_layout(text, feed, column_map) or parse(_lines_of(text), feed, column_map)


def read_rows(rows: Sequence[bytes], feed: Feed, column_map: ColumnMap) -> Rows:
    """The JSON texts of rows, bytes or msgspec.Raw; `_position` is a row's number. Raises FormatError when they are not
    UTF-8, or none is a JSON object."""
    # A row with an end of line in it is not written like any other.
    return _rows_of_one_layout(b"\n".join(rows), feed, column_map) or parse(_table_of(rows), feed, column_map)


def _lines_of(text: bytes) -> pa.Table:
    """The table that `parse` takes, of a text's lines that are not blank."""
    whole = pa.array([text], pa.large_binary())
    lines = pc.list_flatten(pc.split_pattern(whole, pattern=b"\n"))
    if not lines[-1].as_py():
        lines = lines.slice(0, len(lines) - 1)
    malformed: pa.Array = pa.nulls(len(lines), pa.string())
    try:
        texts = lines.cast(pa.large_string())
    except pa.ArrowInvalid:
        texts, malformed = _decoded_one_by_one(lines)
    table = pa.table({POSITION: _numbers(len(lines)), MALFORMED: malformed, LINE: texts})
    # Where every line begins as an object does, none is blank.
    if not pc.all(pc.starts_with(texts, "{")).as_py():
        is_filled = pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(texts)), 0)
        table = table.filter(pc.or_kleene(is_filled, pc.is_valid(malformed)))
    return table


def _rows_of_one_layout(text: bytes, feed: Feed, column_map: ColumnMap) -> Rows | None:
    """The rows of `text`, a line each, where every one is written as the first one is and all its keys are known; else
    None."""
    layout = layout_of(text[: text.find(b"\n")] if b"\n" in text else text)
    naming = naming_of(layout.keys, feed, column_map) if layout else None
    texts = read_texts(text, layout) if layout and naming else None
    if texts is None or naming is None:
        return None
    columns = {name: texts[index] for name, index in (*naming.contract.items(), *naming.let_in.items())}
    count = len(texts[0])
    return rows_under(naming, pa.table({POSITION: _numbers(count), MALFORMED: pa.nulls(count, pa.string()), **columns}))


def _table_of(rows: Sequence[bytes]) -> pa.Table:
    """The table that `parse` takes, of rows. Raises FormatError when they are not UTF-8."""
    offsets = pc.cumulative_sum(pa.array([0, *map(len, rows)], pa.int64()))
    joined = pa.py_buffer(b"".join(rows))
    lines = pa.Array.from_buffers(pa.large_binary(), len(rows), [None, offsets.buffers()[1], joined])
    try:
        text = lines.cast(pa.large_string())
    except pa.ArrowInvalid:
        raise FormatError("the body is not UTF-8") from None
    return pa.table({POSITION: _numbers(len(rows)), MALFORMED: pa.nulls(len(rows), pa.string()), LINE: text})


def _numbers(count: int) -> pa.Array:
    """1 .. count."""
    return pc.cumulative_sum(pa.repeat(pa.scalar(1, pa.int64()), count))


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
