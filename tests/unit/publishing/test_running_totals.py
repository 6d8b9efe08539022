"""Running totals: where a period's small number is withheld, the newest total stays, in every mart that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from disclosure_attack import ALL, NATION, Cell, Key, determined, progress_equations
from small_tables import DAYS, PERIODS, PLATFORMS, Publication, Table, mart_rows, publish_rows, table

from orchestration.publishing.disclosure.grids import Labels, MartRows

FIRST, SECOND, THIRD = PERIODS
FEW, PROVINCES = "110000", ["110000", "420000", "540000", "660000"]
# In the third period 110000 has 3 registrations; else everybody has more than enough.
COUNTS = {
    (day, province, platform): (50 + 7 * number, 0, 0, 50, 0) if (day, province) != ("2020-04-20", FEW) else (0,) * 5
    for day in ("2020-03-23", "2020-04-06", "2020-04-20")
    for number, province in enumerate(PROVINCES)
    for platform in PLATFORMS
} | {("2020-04-20", FEW, "P001"): (3, 0, 0, 3, 0)}
TO_DATE, DISPATCHED = ("registration_progress", "cumulative_registrations"), ("dispatch_table", "cumulative")


def rows_of(columns: tuple[str, ...], of: dict[Key, tuple[float, ...]], keys: tuple[str, ...]) -> MartRows:
    ordered = sorted(of)
    labels = {name: Labels.of(pa.chunked_array([[key[axis] for key in ordered]])) for axis, name in enumerate(keys)}
    return MartRows(labels, {column: np.array([of[key][at] for key in ordered]) for at, column in enumerate(columns)})


def rows(whole: Table, periods: Sequence[str] = PERIODS, with_target: Sequence[str] = (NATION,)) -> dict[str, MartRows]:
    """The marts of `whole`, its dispatch table, and the targets, which few have."""
    progress = {column: whole.values["registration_progress", column] for column in ("registrations", TO_DATE[1])}
    dispatched: dict[Key, tuple[float, ...]] = {
        (period, province, "registrations"): tuple(of[period, province, ALL] for of in progress.values())
        for period in periods
        for province in (NATION, *PROVINCES)
    }
    target: dict[Key, tuple[float, ...]] = {
        (period, "registrations", province): (progress[TO_DATE[1]][period, province, ALL],)
        for period in periods
        for province in with_target
    }
    return mart_rows(whole) | {
        "dispatch_table": rows_of(
            ("this_period", "cumulative"), dispatched, ("period_start", "province_code", "indicator_code")
        ),
        "target_progress": rows_of(("actual_value",), target, ("period_start", "target_code", "province_code")),
    }


@pytest.fixture(scope="module")
def alone() -> Publication:
    return publish_rows(rows(table(COUNTS)), withhold_zeros=False)


def withheld(result: Publication, column: tuple[str, str]) -> set[tuple[str, str]]:
    """Period and province of what is NULL, over all platforms."""
    return {
        (key[0], key[1])
        for key, value in result.published[column].items()
        if value is None and key[2] in (ALL, "registrations")
    }


@pytest.mark.parametrize("column", [TO_DATE, DISPATCHED])
def test_the_newest_running_total_stays_and_the_one_before_is_withheld(
    alone: Publication, column: tuple[str, str]
) -> None:
    assert (THIRD, FEW) in withheld(alone, ("dispatch_table", "this_period"))
    assert (SECOND, FEW) in withheld(alone, column)
    assert not {(THIRD, province) for province in PROVINCES} & withheld(alone, column)
    assert len({province for _, province in withheld(alone, column)}) == 2, "one other is enough in the nation's sum"


def test_what_is_withheld_follows_from_none_of_them(alone: Publication) -> None:
    equations = progress_equations(PERIODS, PROVINCES, PLATFORMS, {day: DAYS[day] for day, _, _ in COUNTS})
    assert determined(alone.published, [*equations, *dispatch_equations()]) == set()


def dispatch_equations() -> list[dict[Cell, int]]:
    equations: list[dict[Cell, int]] = []
    for number, period in enumerate(PERIODS):
        for province in PROVINCES:
            here = (period, province, "registrations")
            grown: dict[Cell, int] = {(*DISPATCHED, here): 1, ("dispatch_table", "this_period", here): -1}
            if number:
                grown[*DISPATCHED, (PERIODS[number - 1], province, "registrations")] = -1
            same: dict[Cell, int] = {(*DISPATCHED, here): 1, (*TO_DATE, (period, province, ALL)): -1}
            equations += [grown, same]
    return equations


def test_a_province_without_a_target_of_its_own_is_not_told_to_have_none(alone: Publication) -> None:
    """target_progress has no row of 110000. Read as a zero it would tell the province's total, which then protects
    nothing; and so one province after the other."""
    assert alone.exposed == set()


def test_a_province_with_a_target_of_its_own_is_told_by_neither_mart() -> None:
    whole = table(COUNTS)
    result = publish_rows(rows(whole, with_target=(NATION, FEW)), withhold_zeros=False)
    target = result.published["target_progress", "actual_value"]
    assert target[SECOND, "registrations", FEW] is None
    assert target[THIRD, "registrations", FEW] == result.published[TO_DATE][THIRD, FEW, ALL]


def test_after_a_total_was_shown_the_next_is_withheld_where_the_difference_is_small(tmp_path: Path) -> None:
    """After the second period its total is known: with the third one's shown the 3 would follow."""
    before = {place: counts for place, counts in COUNTS.items() if DAYS[place[0]] < THIRD}
    first = publish_rows(
        rows(table(before), [FIRST, SECOND]), tmp_path, "1", withhold_zeros=False, known_on=date(2020, 4, 20)
    )
    assert withheld(first, TO_DATE) == set()
    result = publish_rows(rows(table(COUNTS)), tmp_path, "2", withhold_zeros=False)
    for column in (TO_DATE, DISPATCHED):
        assert {period for period, province in withheld(result, column) if province == FEW} == {THIRD}
