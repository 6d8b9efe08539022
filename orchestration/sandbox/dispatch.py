"""The bureaus' biweekly reports: what each files, when, and how it departs from the truth on purpose.

Every report is drawn up from what was known at its filing, so that it is right when it is filed unless the bureau's way
says otherwise; later restatements then make it differ, which is what a reconciliation is for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from orchestration.sandbox.drawing import Draw
from orchestration.sandbox.timeline import DAY, HOUR, wall
from orchestration.sandbox.truth.indicators import MONEY, Indicators, indicators, rows_of
from orchestration.sandbox.truth.money import yuan
from orchestration.sandbox.truth.progress import sums
from orchestration.sandbox.truth.state import State, owners, state_at
from orchestration.sandbox.truth.tables import Table
from orchestration.sources.feeds import INDICATORS, REPORTED_ONLY_INDICATORS

# How a bureau reports. Bureaus take the ways in turn.
WAYS = (
    "restates",  # files a second version of every period at the clock: agrees in the end
    "as_known",  # right when filed, then overtaken by late arrivals and corrections
    "over_reports",  # eight per cent more registrations and learners than there were
    "counts_cancelled",  # counts cancelled registrations too
    "as_known",
    "counts_unverified",  # counts registrations whose name was never verified
    "leaves_out",  # reports nothing on key groups and allowances
    "copies_forward",  # copies the period before in the fifth period
)
# Two more where restatements are asked for: whatever the rules leave out, some bureau counts it.
MORE_WAYS = (
    "counts_unselected",  # counts registrations on platforms that were not selected that day
    "counts_own_platforms",  # counts other provinces' registrations on the platforms that it selected
)
NOT_FILED = {("150000", 3), ("360000", 7), ("540000", 2), ("650000", 6)}
FILED_LATE = {("140000", 2), ("210000", 4), ("440000", 7), ("520000", 1), ("620000", 5)}
AS_CSV = ("310000", "630000")
OVER_REPORT_PERCENT = 8
COPIED_PERIOD = 5


@dataclass(frozen=True)
class RefusedRow:
    """A row of a report that breaks the contract, so that its indicator counts as not reported."""

    indicator: str
    this_period: int | str
    cumulative: int | str
    reason: str


# Bureau and period (from 1) -> the row that is wrong in the first version of its report, in a messy world.
REFUSED_ROWS = {
    ("330000", 2): RefusedRow("registrations_KG77", 3, 3, "unknown_enum"),
    ("430000", 4): RefusedRow("registrations_KG88", 1, 2, "unknown_enum"),
    ("350000", 3): RefusedRow("publicity_events", "约十场", 20, "bad_type"),
    ("610000", 6): RefusedRow("publicity_events", 5, "不详", "bad_type"),
}


@dataclass(frozen=True)
class Report:
    """One filed version. `values` maps an indicator to (this period, cumulative); an indicator left out is absent."""

    bureau: str
    period: int  # index
    version: int
    filed_at: int
    way: str
    values: dict[str, tuple[int, int]]  # amounts in fen
    refused: RefusedRow | None = None


def way_of(world: Draw, bureau: str) -> str:
    ways = (*world.more_ways, *WAYS)
    return ways[[spec.id for spec in world.bureaus].index(bureau) % len(ways)]


def draw_reports(world: Draw, *, messy: bool) -> list[Report]:
    """Every version that was filed by the clock, in the order of filing within a bureau and period."""
    provinces = [bureau.id for bureau in world.bureaus]
    line = world.line
    known: dict[int, tuple[Indicators, Indicators]] = {}

    def at(moment: int) -> tuple[Indicators, Indicators]:
        if moment not in known:
            state = state_at(world, moment)
            known[moment] = (indicators(state, provinces), _excluded(state, provinces))
        return known[moment]

    rng = world.stream("reports")
    told = rng.integers(0, 40, (len(REPORTED_ONLY_INDICATORS), len(provinces), len(line.periods)))
    final = line.now - 1
    found: list[Report] = []
    for place, bureau in enumerate(provinces):
        way = way_of(world, bureau)
        for number, period in enumerate(line.periods):
            if wall(period.due_at) >= line.now or (bureau, number + 1) in NOT_FILED:
                continue
            moment = filed_at(world, bureau, number)
            recorded, excluded = at(moment)
            values = _values(recorded, place, number)
            for row, name in enumerate(REPORTED_ONLY_INDICATORS):
                values[name] = (int(told[row, place, number]), int(told[row, place, : number + 1].sum()))
            if way in excluded:
                more = _values(excluded, place, number)[way]
                this, total = values["registrations"]
                values["registrations"] = (this + more[0], total + more[1])
            if way == "copies_forward" and number == COPIED_PERIOD - 1:
                earlier = [r for r in found if r.bureau == bureau and r.period == number - 1]
                values = dict(earlier[-1].values) if earlier else values
            refused = REFUSED_ROWS.get((bureau, number + 1)) if messy else None
            if refused is not None:
                values.pop(refused.indicator, None)
            found.append(Report(bureau, number, 1, moment, way, _depart(values, way), refused))
            if way == "restates":
                again = _values(at(final)[0], place, number)
                told_only = {name: values[name] for name in REPORTED_ONLY_INDICATORS if name in values}
                found.append(Report(bureau, number, 2, final, way, again | told_only))
    return found


def filed_at(world: Draw, bureau: str, number: int) -> int:
    """In the last second allowed, so that a pull at the due time knows what the bureau knew; late ones two days on."""
    due = wall(world.line.periods[number].due_at)
    if (bureau, number + 1) in FILED_LATE:
        return due + 2 * DAY - 3 * HOUR
    return due


def _values(known: Indicators, place: int, number: int) -> dict[str, tuple[int, int]]:
    return {name: (int(this[place, number]), int(total[place, number])) for name, (this, total) in known.items()}


def _depart(values: dict[str, tuple[int, int]], way: str) -> dict[str, tuple[int, int]]:
    if way == "over_reports":
        more: Callable[[int], int] = lambda value: value + -(-value * OVER_REPORT_PERCENT // 100)  # noqa: E731
        return values | {name: (more(values[name][0]), more(values[name][1])) for name in ("registrations", "learners")}
    if way == "leaves_out":
        return {
            n: v for n, v in values.items() if not n.startswith(("registrations_", "learners_", "living_allowance"))
        }
    return values


def _excluded(state: State, provinces: list[str]) -> Indicators:
    """The registrations that some bureaus count although the rules do not, by the bureau's way."""
    row_of = rows_of(state, provinces)
    owner = owners(state.world, provinces, state.registry_at)[state.world.registrations.platform]
    found: Indicators = {}
    for way, excluded, rows in (
        ("counts_cancelled", state.is_in_scope & ~state.is_active, row_of),
        ("counts_unverified", state.is_in_scope & state.is_active & ~state.is_verified, row_of),
        ("counts_unselected", state.is_unselected & state.is_active & state.is_verified, row_of),
        ("counts_own_platforms", state.is_counted & (owner != row_of), owner),
    ):
        hit = np.flatnonzero(excluded & (rows >= 0))
        this_period = sums(rows[hit], state.period[hit], len(provinces), len(state.world.line.periods))
        found[way] = (this_period, this_period.cumsum(axis=1))
    return found


def shown(name: str, value: int) -> float | int:
    """A value as the table prints it: money in CNY."""
    return value / 100 if name in MONEY else value


def reported(world: Draw, reports: list[Report]) -> Table:
    """What the highest versions say, beside what the truth has at the clock."""
    table = Table(
        "the highest version's values and the truth's at the clock; recorded_value is null for what is only reported",
        ("period_start", "province_code", "indicator_code", "measure"),
        ("version", "way", "reported_value", "recorded_value", "status"),
    )
    provinces = [bureau.id for bureau in world.bureaus]
    recorded = indicators(state_at(world, world.line.now), provinces)
    current = {(report.bureau, report.period): report for report in reports}
    for (bureau, number), report in sorted(current.items()):
        place = provinces.index(bureau)
        for name in INDICATORS:
            for measure, position in (("this_period", 0), ("cumulative", 1)):
                said = report.values.get(name)
                value = None if name not in recorded else int(recorded[name][position][place, number])
                told = None if said is None else said[position]
                status = _status(told, value)
                keys = (world.line.periods[number].key, bureau, name, measure)
                table.add(keys, (report.version, report.way, _text(name, told), _text(name, value), status))
    return table


def _status(told: int | None, value: int | None) -> str:
    if told is None:
        return "not_reported"
    if value is None:
        return "not_recorded"
    return "agrees" if told == value else "differs"


def _text(name: str, value: int | None) -> Any:
    return yuan(value) if name in MONEY and value is not None and value >= 0 else value


def filings(world: Draw, reports: list[Report]) -> Table:
    table = Table(
        "every version filed by the clock; is_late by filed_at",
        ("period_start", "province_code", "version"),
        ("way", "is_late"),
    )
    for report in reports:
        period = world.line.periods[report.period]
        is_late = report.version == 1 and report.filed_at > wall(period.due_at)
        table.add((period.key, report.bureau, report.version), (report.way, is_late))
    return table
