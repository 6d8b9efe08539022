"""The stretch of `updated_at` that one pull asks a server for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from orchestration.calendar import Period


@dataclass(frozen=True)
class Window:
    """`opens_at` inclusive, None = no lower bound; `closes_at` exclusive; `is_whole`: it reaches the period's end."""

    opens_at: datetime | None
    closes_at: datetime
    is_whole: bool


def window_of(period: Period, now: datetime, *, is_last_period: bool = False) -> Window:
    """A period's window as of `now`: the first has no lower bound, the last takes what comes after it too."""
    is_whole = now >= period.closes_at
    closes_at = now if is_last_period or not is_whole else period.closes_at
    return Window(None if period.number == 1 else period.opens_at, closes_at, is_whole)
