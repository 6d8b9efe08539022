"""What the report is about: the period asked for, and the publication that it is read from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import duckdb

from orchestration.pipeline import UsageError
from orchestration.reporting.period_report.markup import note
from orchestration.reporting.standing import read_publication

NATION = "000000"


@dataclass(frozen=True)
class Head:
    """`action_period`: the last period of the action up to this one; marts about registrations end with it. `as_at`:
    the day up to which registrations, platforms, courses and occupations go, the action's last at most; `known_to`: the
    same of all else (study, certificates, payments), the period's last at most. `publication`: the columns of
    marts.publication."""

    campaign: str
    first_day: date
    last_day: date
    period: date
    period_end: date
    number: int
    due_at: datetime
    as_at: date
    known_to: date
    is_complete: bool
    action_period: date
    publication: dict[str, object]


def of_last_period(head: Head) -> str:
    """What a section on registrations has to say in a report on a period after the action: whose numbers it shows."""
    if head.action_period == head.period:
        return ""
    return note(
        f"行动已结束：本节“本期”为其最后一期，自 {head.action_period} 起。",
        f"The action has ended: in this section the period is its last one, from {head.action_period} on.",
    )


def read_head(connection: duckdb.DuckDBPyConnection, period: str) -> Head:
    """Find `period` (its first day, ISO 8601) among those begun by the publication's clock. Raises UsageError, which
    lists them, where it is none of those."""
    begun = connection.execute("select period_start from marts.dim_period where is_begun order by 1").fetchall()
    starts = [start for (start,) in begun]
    found = [start for start in starts if start.isoformat() == period]
    if not found:
        raise UsageError(
            f"--period {period}: no period begun by the published copy's clock has that first day; "
            f"there are {', '.join(map(str, starts)) or 'none'}"
        )
    values = connection.execute(
        """
        select name_zh, first_day, last_day, period_start, period_end, period_number, due_at, as_at,
            least(period_end, clock_day), is_complete,
            (select max(period_start) from marts.dim_period where is_in_action and period_start <= $period)
        from marts.dim_period cross join marts.dim_campaign
        where period_start = $period
        """,
        {"period": found[0]},
    ).fetchall()[0]
    return Head(*[*values, read_publication(connection)])
