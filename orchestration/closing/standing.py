"""Where each period is: the record, the calendar and the figures of now, side by side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from orchestration.calendar import Period
from orchestration.closing.record import read_record
from orchestration.closing.steps import changes
from orchestration.settings import Settings


@dataclass(frozen=True)
class PeriodStanding:
    """One period. `since` (ISO 8601, +08:00), `by` and `version` (of the last publication that changed its state) are
    None while there is none; `changed_marts`: whose figures are no longer those it was closed or published with."""

    period_start: str
    period_no: int
    due_at: str
    state: str
    since: str | None
    by: str | None
    version: str | None
    missing_count: int
    changed_marts: tuple[str, ...]


def read_standings(settings: Settings, periods: Iterable[Period]) -> list[PeriodStanding]:
    """The standing of each of `periods`, in order. Raises ClosingError where the record is damaged."""
    record = read_record(settings.warehouse_dir)
    changed = changes(settings) or {}
    found = []
    for period in periods:
        events = record.of(period.key)
        last = events[-1] if events else None
        found.append(
            PeriodStanding(
                period_start=period.key,
                period_no=period.number,
                due_at=f"{period.due_at:%Y-%m-%d %H:%M}",
                state=record.state(period.key),
                since=last.at if last else None,
                by=last.by if last else None,
                version=last.version if last else None,
                missing_count=len(events[0].missing) if events else 0,
                changed_marts=tuple(changed.get(period.key, ())),
            )
        )
    return found
