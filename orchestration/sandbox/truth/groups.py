"""Key groups and key regions."""

from __future__ import annotations

import numpy as np

from orchestration.sandbox.reference import NATION, supervised_counties
from orchestration.sandbox.truth.progress import distinct, sums
from orchestration.sandbox.truth.state import State
from orchestration.sandbox.truth.study import hours, study_seconds
from orchestration.sandbox.truth.tables import Table


def _count(rows: np.ndarray, period: np.ndarray, periods: int) -> np.ndarray:
    return sums(np.zeros(len(rows), dtype=np.int64), period[rows], 1, periods)[0]


def _persons(state: State, rows: np.ndarray, period: np.ndarray, periods: int) -> np.ndarray:
    pairs = distinct(period[rows], state.world.registrations.person[rows])
    return sums(np.zeros(len(pairs[0]), dtype=np.int64), pairs[0], 1, periods)[0]


def key_group_participation(state: State) -> Table:
    """The nation's rows; a row that is all zero is left out."""
    table = Table(
        "the mart key_group_participation: province 000000",
        ("period_start", "province_code", "group_code"),
        (
            "declared_registrations", "confirmed_registrations", "declared_persons", "confirmed_persons",
            "completed_persons", "study_hours",
        ),
    )  # fmt: skip
    line = state.world.line
    size = len(line.periods)
    declared, confirmed = state.masks(state.declared), state.masks(state.confirmed)
    registration, day, seconds = study_seconds(state)
    studied_in = line.period_index(day)
    for code in declared:
        says = np.flatnonzero(state.is_counted & declared[code])
        holds = np.flatnonzero(state.is_counted & confirmed[code])
        either = state.is_counted & (declared[code] | confirmed[code])
        of_either = either[registration]
        parts = (
            _count(says, state.period, size),
            _count(holds, state.period, size),
            _persons(state, says, state.period, size),
            _persons(state, holds, state.period, size),
            _persons(state, np.flatnonzero(either & (state.completed_period >= 0)), state.completed_period, size),
            sums(
                np.zeros(int(of_either.sum()), dtype=np.int64), studied_in[of_either], 1, size, seconds[of_either]
            )[0],
        )  # fmt: skip
        for number, period in enumerate(line.periods):
            values = [int(part[number]) for part in parts]
            if any(values):
                table.add((period.key, NATION, code), (*values[:-1], hours(values[-1])))
    table.rows.sort(key=lambda row: row[:3])
    return table


def region_sets(state: State) -> dict[str, np.ndarray]:
    """Per region set whether each registration's code lies in it (rule 5); sets overlap."""
    places = state.world.places
    place = state.place
    found = {
        "hubei": places.is_hubei[place],
        "sanqu_sanzhou": places.is_sanqu_sanzhou[place],
        "supervised_county": places.is_supervised[place],
    }
    found["any_key_region"] = found["hubei"] | found["sanqu_sanzhou"] | found["supervised_county"]
    codes = places.code[place]
    return found | {county: codes == county for county in supervised_counties()}


def key_region_support(state: State) -> Table:
    """Dense over the region sets, as the mart."""
    table = Table(
        "the mart key_region_support: its registrations and persons",
        ("period_start", "region_set"),
        ("registrations", "learners", "key_group_persons", "completed_persons"),
    )
    line = state.world.line
    size = len(line.periods)
    in_group = state.masks(state.declared)["any_key_group"] | state.masks(state.confirmed)["any_key_group"]
    for name, lies_in in region_sets(state).items():
        rows = np.flatnonzero(state.is_counted & lies_in)
        parts = (
            _count(rows, state.period, size),
            _persons(state, rows, state.period, size),
            _persons(state, rows[in_group[rows]], state.period, size),
            _persons(state, rows[state.completed_period[rows] >= 0], state.completed_period, size),
        )
        for number, period in enumerate(line.periods):
            table.add((period.key, name), tuple(int(part[number]) for part in parts))
    table.rows.sort(key=lambda row: row[:2])
    return table
