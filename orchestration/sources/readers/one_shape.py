"""Whether the rows of a JSON feed all have the keys of the first one and no other, as the rows of an export have.

Asked of the text as a whole: a look at each row's keys takes as long as reading the row. The proof, for n rows whose
values were read under K keys: no key stands apart from its colon, each null that was read is written down under its
own key, and the text has K·n keys altogether. Then each row has all K keys, and no place is left for another one.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np
import pyarrow as pa

from orchestration.sources.readers.json_keys import UNDECODABLE, decode_row
from orchestration.sources.texts import bytes_of

# A quote and the byte after it, as one little-endian number.
_PAIR = np.dtype("<u2")
_ROWS_OF_A_PIECE = 500
_END_OF_KEY, _KEY_APART = (int.from_bytes(pair, "little") for pair in (b'":', b'" '))


def keys_of(line: str | None) -> tuple[str, ...]:
    """The keys of one row in their order; none where it is no JSON object, or has one twice."""
    try:
        found = decode_row(line or "")
    except UNDECODABLE:
        return ()
    return tuple(found) if (line or "").count('":') == len(found) else ()


def has_no_other_key(lines: pa.LargeStringArray, values: pa.Table) -> bool:
    """Whether the rows `lines` have the keys that name the columns of `values`, and no other. False: not proven."""
    nullable = [name for name, column in zip(values.column_names, values.columns, strict=True) if column.null_count]
    # Written as in the first row: with a space after the colon or without.
    null = b": null" if '": ' in lines[0].as_py() else b":null"
    keys_count = 0
    nulls_counts = dict.fromkeys(nullable, 0)
    for text in _pieces(lines):
        if np.count_nonzero(text < ord(" ")) or _count(text, _KEY_APART):
            return False
        keys_count += _count(text, _END_OF_KEY)
        given = text.tobytes()
        for name in nullable:
            nulls_counts[name] += given.count(msgspec.json.encode(name) + null)
    return keys_count == values.num_columns * values.num_rows and all(
        count == values[name].null_count for name, count in nulls_counts.items()
    )


def _pieces(lines: pa.LargeStringArray) -> Iterator[np.ndarray]:
    """The bytes of some whole lines at a time: what is looked at more than once stays in the processor's cache."""
    ends, data = bytes_of(lines)
    for first in range(0, len(lines), _ROWS_OF_A_PIECE):
        yield data[ends[first] : ends[min(first + _ROWS_OF_A_PIECE, len(lines))]]


def _count(text: np.ndarray, pair: int) -> int:
    """How often two bytes stand side by side."""
    views = (text[start : start + (len(text) - start) // 2 * 2].view(_PAIR) for start in (0, 1))
    return sum(int(np.count_nonzero(view == pair)) for view in views)
