"""What is withheld can't be worked out, and nothing is withheld without need."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

from disclosure_attack import ALL, NATION, Cell, Key, determined, is_withheld, progress_equations
from hypothesis import given, settings
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


def equations_until(counts: Counts) -> list[dict[Cell, int]]:
    days = {day: DAYS[day] for day, _, _ in counts}
    return progress_equations(sorted(set(days.values())), PROVINCES, PLATFORMS, days)


@settings(max_examples=60, deadline=None)
@given(day_counts())
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


def both_read(
    tables: list[tuple[Counts, Table, Publication]],
) -> tuple[dict[tuple[str, str], dict[Key, float | None]], list[dict[Cell, int]]]:
    """Two publications as one system. A cell whose value is the same in both is one cell, and known where either shows
    it: the reader is granted to know what has not changed."""
    published: dict[tuple[str, str], dict[Key, float | None]] = {}
    equations = []

    def versioned(whole: Table, cell: Cell) -> Cell:
        mart, column, key = cell
        return mart, column, (*key, str(whole.values.get((mart, column), {}).get(key, 0.0)))

    for counts, whole, result in tables:
        for (mart, column), values in result.published.items():
            merged = published.setdefault((mart, column), {})
            for key, value in values.items():
                name = versioned(whole, (mart, column, key))[2]
                merged[name] = value if merged.get(name) is None else merged[name]
        for equation in equations_until(counts):
            for cell in equation:
                mart, column, key = cell
                # A row that this publication doesn't have is a zero that it shows
                if key not in result.published[mart, column]:
                    published[mart, column][versioned(whole, cell)[2]] = 0.0
            equations.append({versioned(whole, cell): sign for cell, sign in equation.items()})
    return published, equations


@settings(max_examples=60, deadline=None)
@given(two_states())
def test_no_hidden_cell_follows_from_two_publications_together(states: tuple[Counts, Counts]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        read = [
            (counts, table(counts), publish_table(table(counts), Path(folder), version))
            for version, counts in zip("12", states, strict=True)
        ]
    published, equations = both_read(read)
    exposed = {cell for _, _, result in read for cell in result.exposed}
    assert without_values(determined(published, equations)) <= exposed
    # Given up is only what would follow even if the later publication withheld all that is still a secret
    _, whole, result = read[1]
    for mart, column in result.published:
        for key in itertools.product(*({key[axis] for key in whole.rows[mart]} for axis in range(3))):
            name = (*key, str(whole.values.get((mart, column), {}).get(key, 0.0)))
            shown_before = name[:3] in read[0][2].published[mart, column] or key[0] in {
                k[0] for k in read[0][1].rows[mart]
            }
            if key[1] != NATION and not (shown_before and published[mart, column].get(name, 0.0) is not None):
                published[mart, column][name] = None
    hopeless = without_values(determined(published, equations))
    assert {cell[2] for cell in exposed} <= {cell[2] for cell in hopeless}


def without_values(cells: set[Cell]) -> set[Cell]:
    return {(mart, column, key[:3]) for mart, column, key in cells}
