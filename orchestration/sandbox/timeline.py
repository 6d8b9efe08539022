"""The sandbox's clock and calendar in whole seconds and days of Shanghai wall time.

A wall second is the number of seconds since 1970-01-01 00:00 as a clock in Shanghai shows it (no summer time), so a day
begins at every multiple of 86,400. Whole numbers keep the truth exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from orchestration.calendar import Period, periods
from orchestration.campaign import Campaign, load_campaign
from orchestration.settings import PROJECT_ROOT, SHANGHAI

SANDBOX_NOW = datetime(2020, 7, 10, 9, 0, tzinfo=SHANGHAI)
DAY = 86_400
HOUR = 3_600
OFFSET = 8 * HOUR
# Platforms over HTTP know of some days after the clock, which a pull at the clock must not see.
DAYS_DRAWN_AFTER_NOW = 10
NEVER = np.int64(-(2**62))  # stands for "no time" in arrays of wall seconds


def wall(moment: datetime) -> int:
    """Wall seconds of a moment with an offset."""
    return int(moment.astimezone(SHANGHAI).replace(tzinfo=UTC).timestamp())


def day_number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def day_of(number: int) -> date:
    return date(1970, 1, 1) + timedelta(days=int(number))


def wall_datetime(seconds: int) -> datetime:
    """The moment of wall seconds, with offset."""
    return datetime.fromtimestamp(int(seconds), tz=UTC).replace(tzinfo=SHANGHAI)


@dataclass(frozen=True)
class Timeline:
    """Days are day numbers, moments wall seconds; `periods` are those begun by the clock."""

    campaign: Campaign
    periods: tuple[Period, ...]
    now: int

    @property
    def first_day(self) -> int:
        return day_number(self.campaign.first_day)

    @property
    def last_day(self) -> int:
        return day_number(self.campaign.last_day)

    @property
    def clock_day(self) -> int:
        return self.now // DAY

    @property
    def horizon(self) -> int:
        """Nothing is drawn from this moment on."""
        return self.now + DAYS_DRAWN_AFTER_NOW * DAY

    @property
    def starts(self) -> np.ndarray:
        return np.array([day_number(period.start) for period in self.periods])

    @property
    def as_at(self) -> np.ndarray:
        """Per period: min(its last day, the action's last day, the clock's day)."""
        ends = np.array([day_number(period.end) for period in self.periods])
        return np.minimum(ends, min(self.last_day, self.clock_day))

    def period_index(self, days: np.ndarray) -> np.ndarray:
        """The index in `periods` of each day; -1 before the first, the last index for anything after its start."""
        return np.searchsorted(self.starts, days, side="right") - 1

    def delivery_index(self, seconds: np.ndarray) -> np.ndarray:
        """The period that a platform's row belongs to by its updated_at: before the first, the first."""
        return np.maximum(self.period_index(seconds // DAY), 0)


def timeline(now: datetime = SANDBOX_NOW) -> Timeline:
    campaign = load_campaign(PROJECT_ROOT / "campaign.yml")
    begun = tuple(period for period in periods(campaign) if period.opens_at <= now)
    return Timeline(campaign, begun, wall(now))
