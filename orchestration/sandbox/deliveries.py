"""What was delivered, counted while it is written: rows and refused rows of each sender, feed and period."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from orchestration.sandbox.dirt import DirtyRow
from orchestration.sandbox.timeline import Timeline


@dataclass
class Deliveries:
    """Counts by (sender_id, feed, period index); only rows that a pull at the clock sees.

    `rows` counts every delivered row, dirty ones and repeats included; `refused_rows` each dirty row once; `refused`
    each dirty row once for every reason it has. `arrivals` says when each file of the inboxes came (wall seconds by the
    path under the inboxes' folder).
    """

    rows: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    refused_rows: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    refused: Counter[tuple[str, str, int, str]] = field(default_factory=Counter)
    arrivals: dict[str, int] = field(default_factory=dict)
    payloads: set[tuple[str, str, str]] = field(default_factory=set)

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

    def add_file(self, inbox: Path, path: Path, sender_id: str, feed: str, at: int) -> bool:
        """Note a file that came at `at`. False if its sender delivered the very same content before: no news."""
        self.arrivals[path.relative_to(inbox).as_posix()] = at
        payload = (sender_id, feed, hashlib.sha256(path.read_bytes()).hexdigest())
        is_new = payload not in self.payloads
        self.payloads.add(payload)
        return is_new
