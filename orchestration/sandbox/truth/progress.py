"""Registrations, learners, completions and study by period, province and platform, and by day."""

from __future__ import annotations

import math

import numpy as np

from orchestration.sandbox import learning
from orchestration.sandbox.reference import NATION
from orchestration.sandbox.timeline import DAY, day_of
from orchestration.sandbox.truth.state import State
from orchestration.sandbox.truth.study import hours, study_seconds
from orchestration.sandbox.truth.tables import Table

ALL = "_all"


def distinct(*columns: np.ndarray) -> tuple[np.ndarray, ...]:
    """The distinct rows of columns of whole numbers that are not negative, in order."""
    if not len(columns[0]):
        return columns
    # One number a row sorts much faster than rows do.
    sizes = [int(column.max()) + 1 for column in columns]
    if min(int(column.min()) for column in columns) < 0 or math.prod(sizes) >= 2**63:
        raise ValueError("columns of numbers that can't be packed into one")
    packed = np.zeros(len(columns[0]), dtype=np.int64)
    for column, size in zip(columns, sizes, strict=True):
        packed = packed * size + column
    packed = np.unique(packed)
    found = []
    for size in reversed(sizes):
        packed, rest = np.divmod(packed, size)
        found.append(rest)
    return tuple(reversed(found))


def sums(row: np.ndarray, period: np.ndarray, rows: int, periods: int, weight: np.ndarray | None = None) -> np.ndarray:
    """Counts, or sums of whole-number weights, as an array (rows, periods); what lies in no period is left out."""
    inside = (period >= 0) & (period < periods)
    if weight is None:
        flat = np.bincount(row[inside] * periods + period[inside], minlength=rows * periods)
        return flat.reshape(rows, periods)
    found = np.zeros((rows, periods), dtype=np.int64)
    np.add.at(found, (row[inside], period[inside]), weight[inside])
    return found


def registration_progress(state: State) -> Table:
    """Rows for every province (platform _all), every platform of the nation, and the nation."""
    table = Table(
        "the mart registration_progress: every province with platform _all, and every platform and _all of 000000",
        ("period_start", "province_code", "platform_id"),
        (
            "registrations", "learners", "cumulative_registrations", "cumulative_learners", "new_learners",
            "cancelled_registrations", "unverified_registrations", "completed_registrations", "study_hours",
        ),
    )  # fmt: skip
    world = state.world
    provinces = sorted(set(world.places.province.tolist()))
    province = np.searchsorted(provinces, state.province)
    platform = world.registrations.platform
    nobody = np.zeros(len(platform), dtype=np.int64)
    studied = study_seconds(state)
    names = [spec.id for spec in world.platforms]
    for row_of, labels in (
        (province, [(code, ALL) for code in provinces]),
        (platform, [(NATION, name) for name in names]),
        (nobody, [(NATION, ALL)]),
    ):
        _add(table, state, row_of, labels, studied)
    table.rows.sort(key=lambda row: row[:3])
    return table


def _add(
    table: Table,
    state: State,
    row_of: np.ndarray,
    labels: list[tuple[str, str]],
    studied: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    """`row_of` gives for each registration the place of its row in `labels`."""
    line = state.world.line
    shape = (len(labels), len(line.periods))
    person = state.world.registrations.person
    counted = state.counted
    rows, periods = row_of[counted], state.period[counted]
    registrations = sums(rows, periods, *shape)
    by_period = distinct(rows, periods, person[counted])
    learners = sums(by_period[0], by_period[1], *shape)
    new_learners = sums(*_first_periods(rows, periods, person[counted]), *shape)
    scope = state.is_in_scope
    cancelled = np.flatnonzero(scope & ~state.is_active)
    unverified = np.flatnonzero(scope & state.is_active & ~state.is_verified)
    completed = counted[state.completed_period[counted] >= 0]
    registration, day, seconds = studied
    of_counted = state.is_counted[registration]
    study = sums(
        row_of[registration[of_counted]], line.period_index(day[of_counted]), *shape, weight=seconds[of_counted]
    )
    parts = (
        registrations,
        learners,
        registrations.cumsum(axis=1),
        new_learners.cumsum(axis=1),  # whoever is new in a row stays in it
        new_learners,
        sums(row_of[cancelled], state.period[cancelled], *shape),
        sums(row_of[unverified], state.period[unverified], *shape),
        sums(row_of[completed], state.completed_period[completed], *shape),
        study,
    )
    for place, (province, platform) in enumerate(labels):
        for number, period in enumerate(line.periods):
            values = [int(part[place, number]) for part in parts]
            if any(values):
                table.add((period.key, province, platform), (*values[:-1], hours(values[-1])))


def _first_periods(rows: np.ndarray, periods: np.ndarray, persons: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each (row, person) the first period: the rows and those periods."""
    order = np.lexsort((periods, persons, rows))
    rows, periods, persons = rows[order], periods[order], persons[order]
    if not len(rows):
        return rows, periods
    is_first = np.r_[True, (rows[1:] != rows[:-1]) | (persons[1:] != persons[:-1])]
    return rows[is_first], periods[is_first]


def registration_daily(state: State) -> Table:
    """Days of the nation, all platforms together; a day on which all is zero has no row."""
    table = Table(
        "the mart registration_daily: 000000 x _all",
        ("day", "province_code", "platform_id"),
        ("registrations", "learners", "active_learners", "study_hours"),
    )
    world, line = state.world, state.world.line
    person = world.registrations.person
    counted = state.counted
    days = line.clock_day - line.first_day + 1

    def by_day(day: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
        return sums(np.zeros(len(day), dtype=np.int64), day - line.first_day, 1, days, weight)[0]

    records = state.active_records()
    is_told = (world.learning.kind[records] != learning.OTHER) & state.is_counted[world.learning.registration[records]]
    records = records[is_told]
    started = world.learning.started_at[records] // DAY
    registration, day, seconds = study_seconds(state)
    of_counted = state.is_counted[registration]
    parts = (
        by_day(state.day[counted]),
        by_day(distinct(state.day[counted], person[counted])[0]),
        by_day(distinct(started, person[world.learning.registration[records]])[0]),
        by_day(day[of_counted], seconds[of_counted]),
    )
    for number in range(days):
        values = [int(part[number]) for part in parts]
        if any(values):
            table.add((day_of(line.first_day + number).isoformat(), NATION, ALL), (*values[:-1], hours(values[-1])))
    return table
