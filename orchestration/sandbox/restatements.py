"""Each cause for which a recorded number departs from the one that was reported, put into a world on purpose.

For each a cell of its own is taken: a province whose bureau reports what is known, and a period. Some registrations
there change after the report was filed: they arrive late, are corrected, cancelled, verified, found to belong to the
province after an unknown code, join a roster, or stand on a platform that the registry selects for those days only
afterwards. The bureaus' ways of counting what the rules leave out come on top.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from orchestration.sandbox.dispatch import MORE_WAYS, NOT_FILED, filed_at, way_of
from orchestration.sandbox.drawing import Draw
from orchestration.sandbox.errors import SandboxError
from orchestration.sandbox.places import UNKNOWN_CODES
from orchestration.sandbox.platforms import EarlierSelection
from orchestration.sandbox.registrations import PENDING, VERIFIED, Registrations
from orchestration.sandbox.timeline import DAY, HOUR, NEVER, day_of, wall
from orchestration.sandbox.truth.state import state_at
from orchestration.sandbox.truth.tables import Table
from orchestration.sources.feeds import GROUP_CODES

EACH = 3  # registrations that a cause changes in its cell, where there are so many
DAYS_LATER = 3  # after the filing
PERIODS = range(1, 6)  # indices: reports that were filed well before the clock
# The largest platform, and in how many of the first periods it was not selected by the registry of then.
RESELECTED, RESELECTED_PERIODS = "P001", 3
GROUP = GROUP_CODES.index("KG05")


@dataclass(frozen=True)
class Restated:
    """`count` registrations of a province and period (index) changed after the filing, for this cause."""

    cause: str
    bureau: str
    period: int
    count: int


def add_restatements(world: Draw) -> tuple[Draw, tuple[Restated, ...]]:
    """The world with every cause in it, and where each was put."""
    world = replace(world, more_ways=MORE_WAYS)
    cells = _cells(world)
    if len(cells) <= len(CHANGES):
        raise SandboxError(f"{len(world.registrations)} registrations are too few to restate some for each cause")
    drawn = world.registrations
    done: list[Restated] = []
    for cause, (bureau, period, rows) in zip(CHANGES, cells, strict=False):
        moment = filed_at(world, bureau, period) + DAYS_LATER * DAY
        drawn = CHANGES[cause](world, drawn, rows, moment)
        done.append(Restated(cause, bureau, period, len(rows)))
    world = replace(world, registrations=drawn)
    bureau, period, rows = cells[len(CHANGES)]
    moment = filed_at(world, bureau, period) + DAYS_LATER * DAY
    world = _listed(world, bureau, rows, moment)
    done.append(Restated("roster", bureau, period, len(rows)))
    world, restated = _reselected(world)
    return world, (*done, restated)


def _cells(world: Draw) -> list[tuple[str, int, np.ndarray]]:
    """The fullest cell of each province that reports as known, with registrations that stay as they were drawn."""
    drawn, state = world.registrations, state_at(world, world.line.now)
    versions = np.bincount(drawn.version_registration, minlength=len(drawn))
    first_at = drawn.version_at[np.searchsorted(drawn.version_registration, np.arange(len(drawn)))]
    prompt = first_at < drawn.registered_at + HOUR
    usable = state.is_counted & (versions == 1) & prompt & (drawn.platform != _number(world, RESELECTED))
    found = []
    for bureau in world.bureaus:
        if way_of(world, bureau.id) != "as_known":
            continue
        here = usable & (state.province == bureau.id)
        by_period = {
            period: np.flatnonzero(here & (state.period == period))
            for period in PERIODS
            if (bureau.id, period + 1) not in NOT_FILED
        }
        best = max(by_period, key=lambda period: len(by_period[period]))
        if len(by_period[best]):
            found.append((bureau.id, best, by_period[best][:EACH]))
    return sorted(found, key=lambda cell: (-len(cell[2]), cell[0]))


def _number(world: Draw, platform_id: str) -> int:
    return [spec.id for spec in world.platforms].index(platform_id)


def _arrive_late(world: Draw, drawn: Registrations, rows: np.ndarray, moment: int) -> Registrations:
    only = np.isin(drawn.version_registration, rows)
    return replace(drawn, version_at=np.where(only, moment, drawn.version_at))


def _correct(world: Draw, drawn: Registrations, rows: np.ndarray, moment: int) -> Registrations:
    """They name a group that they had not named."""
    return _again(drawn, rows, moment, groups=1 << GROUP, groups_before=0)


def _cancel(world: Draw, drawn: Registrations, rows: np.ndarray, moment: int) -> Registrations:
    return _again(drawn, rows, moment, is_cancelled=True)


def _verify(world: Draw, drawn: Registrations, rows: np.ndarray, moment: int) -> Registrations:
    return _again(drawn, rows, moment, real_name=VERIFIED, real_name_before=PENDING)


def _recode(world: Draw, drawn: Registrations, rows: np.ndarray, moment: int) -> Registrations:
    """Their code was one that nobody knows."""
    unknown = world.places.code.tolist().index(UNKNOWN_CODES[0])
    return _again(drawn, rows, moment, place_before=unknown)


CHANGES = {
    "late_arrival": _arrive_late,
    "correction": _correct,
    "cancellation": _cancel,
    "verification": _verify,
    "recoding": _recode,
}


def _again(drawn: Registrations, rows: np.ndarray, moment: int, **changes: int | bool) -> Registrations:
    """One version more of each, with some fields changed; `<field>_before` changes the version that there was."""
    first = np.isin(drawn.version_registration, rows)
    columns = {
        "version_is_cancelled": "is_cancelled",
        "version_real_name": "real_name",
        "version_place": "place",
        "version_groups": "groups",
    }
    of = np.concatenate([drawn.version_registration, drawn.version_registration[first]])
    at = np.concatenate([drawn.version_at, np.full(first.sum(), moment)])
    order = np.lexsort((at, of))
    found = {}
    for column, name in columns.items():
        values = getattr(drawn, column)
        before = np.where(first, changes.get(f"{name}_before", values), values)
        after = np.full(first.sum(), changes[name]) if name in changes else values[first]
        found[column] = np.concatenate([before, after.astype(values.dtype)])[order]
    return replace(drawn, version_registration=of[order], version_at=at[order], **found)


def _listed(world: Draw, bureau: str, rows: np.ndarray, moment: int) -> Draw:
    """Their persons stand on a roster of the bureau, which it tells only then."""
    drawn, persons = world.rosters, np.unique(world.registrations.person[rows])
    count = len(persons)
    place = [spec.id for spec in world.bureaus].index(bureau)
    return replace(
        world,
        rosters=replace(
            drawn,
            bureau=np.append(drawn.bureau, np.full(count, place)),
            person=np.append(drawn.person, persons),
            group=np.append(drawn.group, np.full(count, GROUP)),
            valid_from=np.append(drawn.valid_from, np.full(count, world.line.first_day - 1)),
            version_row=np.append(drawn.version_row, len(drawn) + np.arange(count)),
            version_at=np.append(drawn.version_at, np.full(count, moment)),
            version_valid_to=np.append(drawn.version_valid_to, np.full(count, NEVER)),
        ),
    )


def _reselected(world: Draw) -> tuple[Draw, Restated]:
    """The largest platform was not selected in the first three periods, until the registry said otherwise."""
    number = _number(world, RESELECTED)
    spec = world.platforms[number]
    until = wall(world.line.periods[RESELECTED_PERIODS].due_at) + DAY
    began = day_of(int(world.line.starts[RESELECTED_PERIODS]))
    before = EarlierSelection(until, began, spec.selected_to, spec.selected_by)
    platforms = (*world.platforms[:number], replace(spec, before=before), *world.platforms[number + 1 :])
    state = state_at(world, world.line.now)
    on_it = state.is_counted & (world.registrations.platform == number)

    def size(bureau: str, period: int) -> int:
        return int((on_it & (state.province == bureau) & (state.period == period)).sum())

    cells = [
        Restated("rule", bureau.id, period, size(bureau.id, period))
        for bureau in world.bureaus
        for period in range(RESELECTED_PERIODS)
        if way_of(world, bureau.id) == "as_known" and (bureau.id, period + 1) not in NOT_FILED
    ]
    return replace(world, platforms=platforms), max(cells, key=lambda cell: cell.count)


def restatements(world: Draw, restated: tuple[Restated, ...]) -> Table:
    """The cells, as a table of the truth."""
    table = Table(
        "registrations that changed on purpose after the report was filed, of a cause with a cell of its own",
        ("period_start", "province_code", "cause"),
        ("registrations",),
    )
    for each in restated:
        table.add((world.line.periods[each.period].key, each.bureau, each.cause), (each.count,))
    return table
