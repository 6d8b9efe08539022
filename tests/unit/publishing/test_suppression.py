"""What is withheld can't be worked out, and nothing is withheld without need."""

from __future__ import annotations

from disclosure_attack import ALL, NATION, Cell, determined, is_withheld, progress_equations
from hypothesis import given, settings
from small_tables import DAYS, PLATFORMS, PROVINCES, Counts, Table, day_counts, publish_table, table


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
