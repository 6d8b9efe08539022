"""What was delivered, counted while it is written: rows and refused rows of each sender, feed and period."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

import numpy as np

from orchestration.sandbox.dirt import DirtyRow
from orchestration.sandbox.timeline import Timeline


@dataclass
class Deliveries:
    """Counts by (sender_id, feed, period index); only rows that a pull at the clock sees.

    `rows` counts every delivered row, dirty ones and repeats included; `refused_rows` each dirty row once; `refused`
    each dirty row once for every reason it has.
    """

    rows: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    refused_rows: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    refused: Counter[tuple[str, str, int, str]] = field(default_factory=Counter)
    files: defaultdict[tuple[str, str, int], list[str]] = field(default_factory=lambda: defaultdict(list))

    def add_rows(self, sender_id: str, feed: str, at: np.ndarray, line: Timeline) -> None:
        """Rows by the moment of their updated_at."""
        periods, counts = np.unique(line.delivery_index(at[at < line.now]), return_counts=True)
        for period, count in zip(periods.tolist(), counts.tolist(), strict=True):
            self.rows[sender_id, feed, period] += count

    def add_dirty(self, sender_id: str, row: DirtyRow, period: int) -> None:
        self.rows[sender_id, row.feed, period] += 1
        self.refused_rows[sender_id, row.feed, period] += 1
        for reason in row.reasons:
            self.refused[sender_id, row.feed, period, reason] += 1

    def add_file(self, sender_id: str, feed: str, period: int, name: str) -> None:
        self.files[sender_id, feed, period].append(name)
