"""What the bridge from reported to recorded has to say, step by step, in a warehouse that receives each row in the
second of its updated_at.

Every version that was known when a report was filed is the state before, every version known at the clock the state
after. Step by step one class of change more is taken from the state after, and the indicators are counted anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np

from orchestration.sandbox import payments
from orchestration.sandbox.dispatch import Report
from orchestration.sandbox.drawing import Draw
from orchestration.sandbox.truth.indicators import Indicators, indicators, rows_of
from orchestration.sandbox.truth.progress import sums
from orchestration.sandbox.truth.state import Known, State, known_at, owners, state_of
from orchestration.sandbox.truth.tables import Table

CLASSES = ("late_arrival", "correction", "cancellation", "verification", "recoding", "roster", "rule")
STEPS = ("reported", "unexplained", *CLASSES, "recorded")
MEASURES = ("this_period", "cumulative")


def reconciliation_bridge(world: Draw, reports: list[Report]) -> Table:
    """Of the highest version of each report, every indicator that can be recorded; money in fen."""
    table = Table(
        "every step from the highest version's value to the one at the clock, money in fen, where each row is received"
        " in the second of its updated_at; likely_cause of 人次 alone",
        ("period_start", "province_code", "indicator_code", "measure"),
        (*STEPS, "likely_cause"),
    )
    provinces = [bureau.id for bureau in world.bureaus]

    @cache
    def told(filed_at: int) -> tuple[list[Indicators], dict[str, np.ndarray]]:
        # What came in the second of the filing was known to it
        states = [state_of(world, known) for known in steps_between(world, filed_at + 1, world.line.now)]
        return [indicators(state, provinces) for state in states], _left_out(states[0], provinces)

    for report in {(report.bureau, report.period): report for report in reports}.values():
        stages, left_out = told(report.filed_at)
        place = provinces.index(report.bureau)
        for name in sorted(stages[0].keys() & report.values.keys()):
            for number, measure in enumerate(MEASURES):
                values = [int(stage[name][number][place, report.period]) for stage in stages]
                reported = report.values[name][number]
                unexplained = values[0] - reported
                cause = None
                if name == "registrations":
                    sizes = {key: _measured(each, measure)[place, report.period] for key, each in left_out.items()}
                    cause = _likely_cause(unexplained, sizes)
                table.add(
                    (world.line.periods[report.period].key, report.bureau, name, measure),
                    (reported, unexplained, *np.diff(values).tolist(), values[-1], cause),
                )
    return table


def steps_between(world: Draw, before: int, after: int) -> Iterator[Known]:
    """What is known before, then with the first class of change from the state after, then with the second too, …"""
    earlier, later = known_at(world, before), known_at(world, after)
    for step in range(len(CLASSES) + 1):
        came = step > 0

        def pick(kind: str, part: str, of: np.ndarray, step: int = step, came: bool = came) -> np.ndarray:
            is_changed = step > CLASSES.index(kind)
            return _picked(of, getattr(earlier, part), getattr(later, part), came=came, is_changed=is_changed)

        registration = world.registrations.version_registration
        payment = world.payments.version_payment
        is_rejected = world.payments.version_status[later.payment] == payments.REJECTED
        yield Known(
            now=later.now if came else earlier.now,
            groups=pick("correction", "groups", registration),
            cancellation=pick("cancellation", "cancellation", registration),
            real_name=pick("verification", "real_name", registration),
            place=pick("recoding", "place", registration),
            certificate=pick("cancellation", "certificate", world.certificates.version_certificate),
            record=pick("cancellation", "record", world.learning.version_record),
            course=pick("cancellation", "course", world.courses.version_course),
            payment=np.where(
                is_rejected, pick("cancellation", "payment", payment), pick("correction", "payment", payment)
            ),
            rosters_at=(later if step > CLASSES.index("roster") else earlier).rosters_at,
            registry_at=(later if step > CLASSES.index("rule") else earlier).registry_at,
        )


def _picked(of: np.ndarray, before: np.ndarray, after: np.ndarray, *, came: bool, is_changed: bool) -> np.ndarray:
    """The version after from the step of its class on, else that before; what came later begins with its first."""
    if is_changed:
        return after
    if not came:
        return before
    first = np.searchsorted(of, np.arange(len(before)))
    return np.where(before >= 0, before, np.where(after >= 0, first, -1))


def _left_out(state: State, provinces: list[str]) -> dict[str, np.ndarray]:
    """Registrations that fail by one rule alone, or stand in another province, by whom would count them and period."""
    row_of = rows_of(state, provinces)
    owner = owners(state.world, provinces, state.registry_at)[state.world.registrations.platform]
    classes = {
        "unverified": (state.is_in_scope & state.is_active & ~state.is_verified, row_of),
        "cancelled": (state.is_in_scope & state.is_verified & ~state.is_active, row_of),
        "unselected_platform": (state.is_unselected & state.is_verified & state.is_active, row_of),
        "other_province": (state.is_counted & (owner != row_of), owner),
    }
    shape = (len(provinces), len(state.world.line.periods))
    return {
        name: sums(rows[hit], state.period[hit], *shape)
        for name, (which, rows) in classes.items()
        for hit in [np.flatnonzero(which & (rows >= 0))]
    }


def _measured(this_period: np.ndarray, measure: str) -> np.ndarray:
    return this_period if measure == "this_period" else this_period.cumsum(axis=1)


def _likely_cause(unexplained: int, sizes: dict[str, int]) -> str | None:
    fitting = [name for name, size in sizes.items() if unexplained and unexplained == -size]
    return fitting[0] if len(fitting) == 1 else None
