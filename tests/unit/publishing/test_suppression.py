"""What is withheld can't be worked out, and nothing is withheld without need."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from disclosure_attack import (
    ALL,
    NATION,
    Cell,
    Key,
    determined,
    is_withheld,
    progress_equations,
    told_where_zeros_stay,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st
from small_tables import (
    DAYS,
    PLATFORMS,
    PROVINCES,
    Counts,
    Publication,
    Table,
    day_counts,
    publish_table,
    table,
    two_states,
)

from orchestration.publishing.disclosure import suppression
from orchestration.publishing.disclosure.relations import Relation, build_relations


def equations_until(counts: Counts) -> list[dict[Cell, int]]:
    days = {day: DAYS[day] for day, _, _ in counts}
    return progress_equations(sorted(set(days.values())), PROVINCES, PLATFORMS, days)


# Registrations, active learners and learners seen before of P001, P002, P003. Three rounds in a row help nothing here,
# the fourth does.
_LATE_HELP = """
2020-03-23 110000  0 0 0  2 0 0  6 0 0
2020-03-23 420000  1 0 0 20 0 0  5 0 5
2020-03-23 540000  0 0 0  0 0 0  4 0 0
2020-03-23 660000  0 1 0  6 0 0  0 0 0
2020-03-24 110000  0 1 0  0 0 0  0 0 0
2020-03-24 420000  0 0 6 20 0 0  0 0 0
2020-03-24 540000  4 0 0  0 0 0  2 0 0
2020-03-24 660000  5 0 0  9 0 0  1 0 0
2020-03-25 110000  0 0 0  0 0 0  0 0 0
2020-03-25 420000  5 0 0  0 0 0  0 0 0
2020-03-25 540000  0 0 0  1 0 0  0 0 0
2020-03-25 660000  0 1 0  1 0 0  0 0 0
"""


def counts_of(text: str) -> Counts:
    counts = {}
    for day, province, *numbers in map(str.split, text.strip().splitlines()):
        for number, platform in enumerate(PLATFORMS):
            registrations, active, seen = map(int, numbers[3 * number : 3 * number + 3])
            counts[day, province, platform] = (registrations, 0, 0, active, seen)
    return counts


@settings(max_examples=60, deadline=None)
@given(day_counts())
@example(counts_of(_LATE_HELP))
def test_no_hidden_cell_follows_from_published_ones(counts: Counts) -> None:
    whole = table(counts)
    result = publish_table(whole)
    follows = determined(result.published, equations_until(counts))
    assert follows <= result.exposed
    if has_alternatives(whole):
        assert not follows


def has_alternatives(whole: Table) -> bool:
    """Each mart has rows of two provinces and two platforms: else the nation's row tells everything."""
    return all(
        len({key[axis] for key in keys if key[axis] not in (NATION, ALL)}) > 1
        for keys in whole.rows.values()
        for axis in (1, 2)
    )


@settings(max_examples=60, deadline=None)
@given(day_counts())
def test_small_cells_are_hidden_and_the_nation_is_not(counts: Counts) -> None:
    whole = table(counts)
    result = publish_table(whole)
    assert all(is_withheld(result.published, cell) for cell in result.small)
    for (mart, column), values in result.published.items():
        for key, value in values.items():
            if value is not None:
                assert value == whole.values.get((mart, column), {}).get(key, 0.0)
            assert key[1] != NATION or value is not None


@settings(max_examples=60, deadline=None)
@given(day_counts())
def test_where_zeros_are_to_stay_they_all_do_and_what_follows_is_reported(counts: Counts) -> None:
    whole = table(counts)
    result = publish_table(whole, withhold_zeros=False)
    assert determined(result.published, equations_until(counts)) <= result.exposed
    for (mart, column), values in result.published.items():
        assert set(values) == set(whole.rows[mart])
        hidden = {key for key, value in values.items() if value is None}
        assert column == "study_hours" or all(whole.values[mart, column].get(key, 0.0) for key in hidden)


@settings(max_examples=60, deadline=None)
@given(day_counts())
def test_where_zeros_stay_what_must_be_one_is_protected_or_reported(counts: Counts) -> None:
    """Two hidden counts that make 2 are 1 each."""
    whole = table(counts)
    result = publish_table(whole, withhold_zeros=False)
    assert told_where_zeros_stay(result.published, equations_until(counts)) <= result.exposed


def both_read(
    tables: list[tuple[Counts, Table, Publication]],
) -> tuple[dict[tuple[str, str], dict[Key, float | None]], list[dict[Cell, int]]]:
    """An earlier and a later publication as one system. A value of a period or day that was over by the earlier one,
    and is the same in the later, is one cell, known where either shows it: the reader is granted to know that it has
    not changed. What was still running may always have grown."""
    published: dict[tuple[str, str], dict[Key, float | None]] = {}
    equations = []
    for number, (counts, whole, result) in enumerate(tables):
        running = {mart: max(key[0] for key in keys) for mart, keys in whole.rows.items() if keys}

        def versioned(
            cell: Cell, whole: Table = whole, number: int = number, running: dict[str, str] = running
        ) -> Cell:
            mart, column, key = cell
            is_over = number > 0 or key[0] < running.get(mart, "")
            return mart, column, (*key, str(true_value(whole, cell)), "" if is_over else "then")

        for (mart, column), values in result.published.items():
            merged = published.setdefault((mart, column), {})
            for key, value in values.items():
                name = versioned((mart, column, key))[2]
                merged[name] = value if merged.get(name) is None else merged[name]
        for equation in equations_until(counts):
            for cell in equation:
                mart, column, key = cell
                # A row that this publication doesn't have is a zero that it shows
                if key not in result.published[mart, column]:
                    published[mart, column][versioned(cell)[2]] = 0.0
            equations.append({versioned(cell): sign for cell, sign in equation.items()})
    return published, equations


def true_value(whole: Table, cell: Cell) -> float:
    mart, column, key = cell
    return whole.values.get((mart, column), {}).get(key, 0.0)


@settings(max_examples=60, deadline=None)
@given(two_states())
def test_no_small_count_follows_from_two_publications_together(states: tuple[Counts, Counts]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        read = [
            (counts, table(counts), publish_table(table(counts), Path(folder), version))
            for version, counts in zip("12", states, strict=True)
        ]
    published, equations = both_read(read)
    exposed = {cell for _, _, result in read for cell in result.exposed}
    small = {cell for _, _, result in read for cell in result.small}
    # A cell that was small once and no longer is may be told by its neighbours: its value then must not.
    follows = {(mart, column, key[:3]) for mart, column, key in determined(published, equations) if float(key[3]) < 5}
    assert follows & small <= exposed
    # and the later one, alone, gives nothing away at all
    assert determined(read[1][2].published, equations_until(states[1])) <= exposed


@settings(max_examples=25, deadline=None)
@given(two_states(), st.booleans())
def test_cells_that_no_step_hides_are_missed_in_no_sum(states: tuple[Counts, Counts], withhold_zeros: bool) -> None:
    def with_every_cell(*arguments: Any) -> list[Relation]:
        specification, grids, cells, _, earlier = arguments
        return build_relations(specification, grids, cells, np.ones(cells.size, dtype=bool), earlier)

    def published() -> list[Publication]:
        with tempfile.TemporaryDirectory() as folder:
            return [
                publish_table(table(counts), Path(folder), version, withhold_zeros=withhold_zeros)
                for version, counts in zip("12", states, strict=True)
            ]

    with mock.patch.object(suppression, "build_relations", with_every_cell):
        with_all = published()
    assert published() == with_all
