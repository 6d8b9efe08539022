"""Columns of text as Arrow holds them: where each text's bytes are, for looking at all of them at once."""

from __future__ import annotations

import numpy as np
import pyarrow as pa


def as_texts(column: pa.Array | pa.ChunkedArray) -> pa.LargeStringArray:
    """The column in one piece."""
    texts = column.cast(pa.large_string())
    if isinstance(texts, pa.Array):
        return texts
    texts = texts.combine_chunks()
    return texts if isinstance(texts, pa.Array) else pa.concat_arrays(texts.chunks)


def bytes_of(texts: pa.LargeStringArray) -> tuple[np.ndarray, np.ndarray]:
    """Where the texts that are no nulls end within the bytes (the first number: where they begin), and the bytes."""
    given = texts.drop_null() if texts.null_count else texts
    if not len(given):
        return np.zeros(1, np.int64), np.zeros(0, np.uint8)
    _, offsets, data = given.buffers()
    ends = np.frombuffer(offsets, np.int64)[given.offset : given.offset + len(given) + 1]
    return ends, np.frombuffer(data if data is not None else b"", np.uint8)


def is_utf8(data: bytes) -> bool:
    """Whether the bytes are UTF-8: Arrow tells it beside other threads, in a tenth of the time that decoding takes."""
    whole = pa.Array.from_buffers(
        pa.large_string(), 1, [None, pa.array([0, len(data)]).buffers()[1], pa.py_buffer(data)]
    )
    try:
        whole.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
