"""Rows of JSON that are all written alike, as an export writes them: the same keys in the same order, one row a line.

    text → where each key ends → what stands between values, held against the first row → one Arrow array a key

No parser goes over it; that it would have found the same is proven first. Every byte is accounted for: before each
value stands what stands before it in the first row, and no quote stands within a text, since there are just as many
quotes as keys and texts have. Anything else, one escaped character included, proves nothing, and a parser reads the
rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.sources.readers.json_keys import UNDECODABLE, decode_row
from orchestration.sources.texts import is_utf8

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_QUOTE, _COLON, _NEWLINE, _FIRST_PRINTED = (ord(sign) for sign in '":\n ')
_NULL = b"null"
_END_OF_ROW = b"}\n"
# Between keys and values: without a space, or with one, as Python writes.
_SEPARATORS = ((",", ":"), (", ", ": "))
# Bytes looked at at once: what is looked at more than once stays in the processor's cache.
_PIECE = 1 << 20
# Of values that are no texts those that a parser gives as they are written: no exponent, no zero at the end.
_INTEGER = "0|-?[1-9][0-9]{0,14}"
_DECIMAL = r"-?(0|[1-9][0-9]{0,9})\.[0-9]{0,3}[1-9]|(0|-?[1-9][0-9]{0,9})\.0"
_LIST = r'\[("[^"]*"(,"[^"]*")*)?\]'
_PLAIN = f"^({_INTEGER}|{_DECIMAL}|true|false|{_LIST})$"


@dataclass(frozen=True)
class Layout:
    """How the first row is written: its keys, and what stands before each value."""

    keys: tuple[str, ...]
    heads: tuple[bytes, ...]

    @cached_property
    def to_quote(self) -> Ints:
        """Of each head, how many bytes stand before the last quote, that of the key's end."""
        return np.array([head.rindex(b'"') for head in self.heads])

    @cached_property
    def from_quote(self) -> Ints:
        """Of each head, how many bytes there are from its last quote on."""
        return np.array([len(head) for head in self.heads]) - self.to_quote


def layout_of(line: bytes) -> Layout | None:
    """The layout of a row; None where it is no JSON object, or is written in some other way."""
    try:
        row = decode_row(line)
    except UNDECODABLE:
        return None
    for comma, colon in _SEPARATORS if row else ():
        heads = [f'{comma if number else "{"}"{key}"{colon}'.encode() for number, key in enumerate(row)]
        if b"".join(head + bytes(value) for head, value in zip(heads, row.values(), strict=True)) + b"}" == line:
            return Layout(tuple(row), tuple(heads))
    return None


def read_texts(text: bytes, layout: Layout) -> list[pa.ChunkedArray] | None:
    """The value of each key in each row as text, null for null; None where not all rows are proven to have the layout.

    `text`: the rows, each on its line, the last one with or without an end of line.
    """
    pieces = []
    if b"\\" in text or not is_utf8(text):
        return None
    for piece in _pieces(text):
        found = _read_piece(piece, layout)
        if found is None:
            return None
        pieces.append(found)
    # In one piece each: whoever looks at a whole column need not join it again, beside these pieces in memory.
    return [pa.chunked_array([pa.concat_arrays(chunks)]) for chunks in zip(*pieces, strict=True)] or None


def _pieces(text: bytes) -> Iterator[Bytes]:
    """The text cut between rows; the last row with an end of line, whether it has one or not."""
    first = 0
    while first < len(text):
        end = text.rfind(b"\n", first, first + _PIECE) + 1 or text.find(b"\n", first) + 1
        if not end:
            yield np.frombuffer(text[first:] + b"\n", np.uint8)
            return
        yield np.frombuffer(text, np.uint8, end - first, first)
        first = end


def _read_piece(data: Bytes, layout: Layout) -> list[pa.LargeStringArray] | None:
    ends = np.flatnonzero(data == _NEWLINE)
    if np.count_nonzero(data < _FIRST_PRINTED) != len(ends):
        return None
    is_quote = data == _QUOTE
    ends_of_keys = np.flatnonzero(is_quote[:-1] & (data[1:] == _COLON))
    if len(ends_of_keys) != len(ends) * len(layout.keys):
        return None
    keys = ends_of_keys.reshape(len(ends), -1)
    # By row and key: where each head and each value begins. A value ends where the next head begins, or the row's end.
    heads, starts = keys - layout.to_quote, keys + layout.from_quote
    stops = np.column_stack((heads[:, 1:], ends - (len(_END_OF_ROW) - 1)))
    if (stops <= starts).any() or not _have_heads(data, heads, stops, ends, layout):
        return None
    is_text = (data.take(starts) == _QUOTE) & (data.take(stops - 1) == _QUOTE) & (stops - starts > 1)
    is_null = _are_null(data, starts, stops) if not is_text.all() else np.zeros_like(is_text)
    texts = _cut(data, starts + is_text, stops - is_text, is_null)
    quotes_count = 2 * (keys.size + np.count_nonzero(is_text))
    is_other = ~(is_text | is_null)
    if is_other.any():
        others = pc.value_counts(texts.filter(pa.array(is_other.T.reshape(-1))))
        if not pc.all(pc.match_substring_regex(others.field("values"), _PLAIN)).as_py():
            return None
        quotes = pc.count_substring(others.field("values"), '"')
        quotes_count += pc.sum(pc.multiply(quotes, others.field("counts"))).as_py()
    if np.count_nonzero(is_quote) != quotes_count:
        return None
    return [texts.slice(number * len(ends), len(ends)) for number in range(len(layout.keys))]


def _have_heads(data: Bytes, heads: Ints, stops: Ints, ends: Ints, layout: Layout) -> bool:
    """Whether the heads of the layout, and the ends of rows, are all that stands beside the values."""
    if heads[0, 0] != 0 or not (heads[1:, 0] == ends[:-1] + 1).all():
        return False
    if not (data.take(stops[:, -1]) == _END_OF_ROW[0]).all() or data[stops[-1, -1] :].tobytes() != _END_OF_ROW:
        return False
    return all(_stands_at(data, places, head) for places, head in zip(heads.T, layout.heads, strict=True))


def _stands_at(data: Bytes, places: Ints, wanted: bytes) -> bool:
    """Whether the same bytes stand at every one of the places, none of which is too near the end."""
    length = len(wanted)
    # Of each place as many bytes as one element; nothing is copied but what is asked for.
    windows = np.ndarray((len(data) - length + 1,), f"V{length}", data, strides=(1,))
    return windows[places].tobytes() == wanted * len(places)


def _are_null(data: Bytes, starts: Ints, stops: Ints) -> Bools:
    is_null = stops - starts == len(_NULL)
    at = np.flatnonzero(is_null)
    first = starts.reshape(-1)[at]
    is_null.reshape(-1)[at] = np.all([data.take(first + n) == sign for n, sign in enumerate(_NULL)], axis=0)
    return is_null


def _cut(data: Bytes, starts: Ints, stops: Ints, is_null: Bools) -> pa.LargeStringArray:
    """The bytes from each start to before its stop, null for those that are to be: all rows' first ones, and so on."""
    turns = _alternating(data, np.stack((starts, stops), axis=2).reshape(-1))
    places = 2 * np.arange(starts.size).reshape(starts.shape)
    return turns.take(pa.array(places.T.reshape(-1), mask=is_null.T.reshape(-1) if is_null.any() else None))


def _alternating(data: Bytes, offsets: Ints) -> pa.LargeStringArray:
    """The bytes from each offset to the next; nothing is copied."""
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.large_string(), len(offsets) - 1, buffers)
