"""The action's periods and when their reports are due. Pure: no clock, no files.

Working days are China's, holidays and make-up days included, from the `chinesecalendar` package, after the
State Council's notices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import chinese_calendar

from orchestration.campaign import Campaign, DueRule
from orchestration.settings import SHANGHAI


@dataclass(frozen=True, order=True)
class Period:
    """One reporting period: `start` to `end`, both inclusive; `due_at` with offset, Asia/Shanghai."""

    start: date
    end: date
    number: int
    due_at: datetime

    @property
    def key(self) -> str:
        """The period's name everywhere: its first day, ISO 8601."""
        return self.start.isoformat()

    @property
    def opens_at(self) -> datetime:
        return datetime.combine(self.start, datetime.min.time(), tzinfo=SHANGHAI)

    @property
    def closes_at(self) -> datetime:
        """The first instant after the period."""
        return datetime.combine(self.end + timedelta(days=1), datetime.min.time(), tzinfo=SHANGHAI)


def periods(campaign: Campaign) -> list[Period]:
    """Every period that begins by the calendar's last day, in order. The last one is whole, like the others."""
    found: list[Period] = []
    start = campaign.first_day
    while start <= campaign.calendar_last_day:
        end = start + timedelta(days=campaign.cadence_days - 1)
        found.append(Period(start, end, len(found) + 1, due_at(end, campaign.due_rule)))
        start = end + timedelta(days=1)
    return found


def due_at(last_day: date, rule: DueRule) -> datetime:
    """When the report on a period ending on `last_day` is due."""
    day = last_day
    remaining = rule.working_days_after
    while remaining > 0:
        day += timedelta(days=1)
        remaining -= is_working_day(day)
    return datetime.combine(day, rule.at, tzinfo=SHANGHAI)


def begun(all_periods: list[Period], now: datetime) -> list[Period]:
    """The periods whose first day has come by `now`."""
    return [period for period in all_periods if period.opens_at <= now]


def newest_ended(all_periods: Sequence[Period], now: datetime) -> Period:
    """The last period that has ended by `now`; before the first has ended, the first."""
    return next((period for period in reversed(all_periods) if period.closes_at <= now), all_periods[0])


def next_working_day(day: date) -> date:
    """The first working day after `day`."""
    day += timedelta(days=1)
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def period_of(all_periods: list[Period], day: date) -> Period:
    """The period a row dated `day` belongs to: before the first the first, after the last the last."""
    for period in reversed(all_periods):
        if day >= period.start:
            return period
    return all_periods[0]


def is_working_day(day: date) -> bool:
    """Whether `day` is worked in China: a weekday that is no holiday, or a weekend day that makes up for one."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        # The State Council has not published that year's holidays yet: weekdays are the best that is known.
        return day.weekday() < 5
