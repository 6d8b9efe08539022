"""What the HTTP server serves: per platform and feed one file of JSON lines, sorted by moment, and an index of it.

`<feed>.ndjson` holds the rows as they will be sent; `<feed>.index.npy` is an int64 array of shape (2, rows + 1): wall
seconds of each row's updated_at (the last column repeats the greatest) and the byte at which each row begins.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

FOLDER = "platforms"


def write(directory: Path, platform_id: str, feed: str, at: np.ndarray, lines: pl.Series) -> None:
    """Write the rows of one platform's feed; `at` gives wall seconds, `lines` the JSON texts. Ties keep their order."""
    order = np.argsort(at, kind="stable")
    at, lines = at[order], lines.gather(order)
    folder = directory / FOLDER / platform_id
    folder.mkdir(parents=True, exist_ok=True)
    sizes = lines.str.len_bytes().to_numpy().astype(np.int64) + 1
    begins = np.concatenate([[0], np.cumsum(sizes)])
    moments = np.concatenate([at, at[-1:]]) if len(at) else np.zeros(1, dtype=np.int64)
    np.save(folder / f"{feed}.index.npy", np.stack([moments.astype(np.int64), begins]))
    text = "".join(f"{line}\n" for line in lines.to_list())
    (folder / f"{feed}.ndjson").write_bytes(text.encode("utf-8"))


class Rows:
    """One feed's rows in memory."""

    def __init__(self, directory: Path, platform_id: str, feed: str) -> None:
        folder = directory / FOLDER / platform_id
        self._bytes = (folder / f"{feed}.ndjson").read_bytes()
        index = np.load(folder / f"{feed}.index.npy")
        self._at = index[0, :-1]
        self._begins = index[1]

    def span(
        self, after: float, before: float, *, is_after_inclusive: bool, is_before_inclusive: bool
    ) -> tuple[int, int]:
        """First and one-past-last row whose moment (wall seconds) lies in the window."""
        first = np.searchsorted(self._at, after, side="left" if is_after_inclusive else "right")
        last = np.searchsorted(self._at, before, side="right" if is_before_inclusive else "left")
        return int(first), max(int(first), int(last))

    def joined(self, first: int, last: int) -> bytes:
        """Rows `first` to `last` (exclusive) as the inside of a JSON array."""
        if first >= last:
            return b""
        return self._bytes[self._begins[first] : self._begins[last] - 1].replace(b"\n", b",")

    def lines(self) -> list[bytes]:
        """Every row by itself, in order."""
        return self._bytes.splitlines()
