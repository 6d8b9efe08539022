"""Whether the rows of a JSON feed all have the keys of the first one and no other, as the rows of an export have.

Asked of the text as a whole: a look at each row's keys takes as long as reading the row. The proof, for n rows whose
values were read under K keys: no key stands apart from its colon, each null that was read is written down under its
own key, and the text has K·n keys altogether. Then each row has all K keys, and no place is left for another one.
"""

from __future__ import annotations

import msgspec
import numpy as np
import pyarrow as pa

from orchestration.sources.texts import bytes_of

_decode_row = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
# A quote and the byte after it, as one little-endian number.
_PAIR = np.dtype("<u2")
_NULLS = (b":null", b": null")
_END_OF_KEY, _KEY_APART = (int.from_bytes(pair, "little") for pair in (b'":', b'" '))


def keys_of(line: str | None) -> tuple[str, ...]:
    """The keys of one row in their order; none where it is no JSON object, or has one twice."""
    try:
        found = _decode_row(line or "")
    except msgspec.MsgspecError:
        return ()
    return tuple(found) if (line or "").count('":') == len(found) else ()


def has_no_other_key(lines: pa.LargeStringArray, values: pa.Table) -> bool:
    """Whether the rows `lines` have the keys that name the columns of `values`, and no other. False: not proven."""
    ends, data = bytes_of(lines)
    text = data[ends[0] : ends[-1]]
    if np.count_nonzero(text < ord(" ")) or _count(text, _KEY_APART):
        return False
    if _count(text, _END_OF_KEY) != values.num_columns * values.num_rows:
        return False
    given = text.tobytes()
    return all(
        sum(given.count(msgspec.json.encode(name) + null) for null in _NULLS) == column.null_count
        for name, column in zip(values.column_names, values.columns, strict=True)
        if column.null_count
    )


def _count(text: np.ndarray, pair: int) -> int:
    """How often two bytes stand side by side."""
    views = (text[start : start + (len(text) - start) // 2 * 2].view(_PAIR) for start in (0, 1))
    return sum(int(np.count_nonzero(view == pair)) for view in views)
