"""The rules of suppression one by one, on tables small enough to read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from disclosure_attack import determined, progress_equations
from small_tables import DAYS, PERIODS, Publication, publish_table, table

FIRST_DAY, SECOND_DAY, THIRD_DAY = "2020-03-23", "2020-04-06", "2020-04-20"
FIRST, SECOND, THIRD = PERIODS
COUNTS = ("registration_progress", "registrations")


def of(registrations: Mapping[tuple[str, str, str], int]) -> dict[tuple[str, str, str], tuple[int, int, int, int, int]]:
    return {place: (count, 0, 0, count, 0) for place, count in registrations.items()}


def one_day(**provinces: int) -> dict[tuple[str, str, str], int]:
    """Two platforms; P002 has enough everywhere to be out of the way of P001."""
    counts = {(FIRST_DAY, code[1:], "P001"): count for code, count in provinces.items()}
    return counts | {(FIRST_DAY, code[1:], "P002"): 50 + count for code, count in provinces.items()}


def gaps(result: Publication, column: tuple[str, str] = COUNTS) -> set[tuple[str, ...]]:
    return {key for key, value in result.published[column].items() if value is None}


def test_the_smallest_other_part_is_hidden_too() -> None:
    result = publish_table(table(of(one_day(p110000=3, p420000=40, p540000=7, p660000=9))))
    assert {(FIRST, "110000", "P001"), (FIRST, "540000", "P001")} <= gaps(result)
    assert (FIRST, "420000", "P001") not in gaps(result)


def test_of_equal_parts_the_lowest_key_is_hidden() -> None:
    result = publish_table(table(of(one_day(p110000=40, p420000=8, p540000=3, p660000=8))))
    assert (FIRST, "420000", "P001") in gaps(result)
    assert (FIRST, "660000", "P001") not in gaps(result)


def test_two_gaps_that_must_be_one_each_are_no_cover_where_zeros_stay() -> None:
    result = publish_table(table(of(one_day(p110000=1, p420000=40, p540000=1, p660000=9))), withhold_zeros=False)
    assert {key for key in gaps(result) if key[0] == FIRST and key[2] == "P001"} == {
        (FIRST, "110000", "P001"),
        (FIRST, "540000", "P001"),
        (FIRST, "660000", "P001"),
    }
    assert not result.exposed


def test_ones_with_nothing_beside_them_are_reported() -> None:
    result = publish_table(table(of(one_day(p110000=1, p540000=1))), withhold_zeros=False)
    assert {(*COUNTS, (FIRST, province, "P001")) for province in ("110000", "540000")} <= result.exposed


def test_without_small_counts_nothing_is_hidden() -> None:
    result = publish_table(table(of(one_day(p110000=12, p420000=40, p540000=5))))
    assert all(not gaps(result, column) for column in result.published)


def test_five_is_shown_and_four_is_not() -> None:
    result = publish_table(table(of(one_day(p110000=5, p420000=40, p540000=4, p660000=4))))
    assert {key for key in gaps(result) if key[2] == "P001"} == {(FIRST, "540000", "P001"), (FIRST, "660000", "P001")}


def test_a_period_does_not_follow_from_cumulative_differences() -> None:
    counts = {}
    for day, small in ((FIRST_DAY, 30), (SECOND_DAY, 3), (THIRD_DAY, 20)):
        for province in ("110000", "420000", "540000"):
            for platform in ("P001", "P002", "P003"):
                is_small = (province, platform) in {("110000", "P001"), ("110000", "P002"), ("420000", "P001")}
                counts[day, province, platform] = small if is_small else 60
    result = publish_table(table(of(counts)))
    periods = [FIRST, SECOND, THIRD]
    to_date = result.published["registration_progress", "cumulative_registrations"]
    assert (SECOND, "110000", "P001") in gaps(result)
    before, after = (to_date[period, "110000", "P001"] for period in (FIRST, SECOND))
    assert before is None or after is None
    equations = progress_equations(periods, ["110000", "420000", "540000"], ["P001", "P002", "P003"], dict(DAYS))
    assert determined(result.published, equations) == set()


def test_a_nation_with_one_small_province_hides_a_zero_beside_it() -> None:
    """The nation shows 3, all from 110000: unless another zero is withheld beside it, 3 is that count."""
    result = publish_table(table(of({**one_day(p110000=0, p420000=60, p540000=60), (FIRST_DAY, "110000", "P003"): 3})))
    assert result.published[COUNTS][FIRST, "000000", "P003"] == 3
    hidden = {key for key in gaps(result) if key[2] == "P003"}
    assert (FIRST, "110000", "P003") in hidden and len(hidden) >= 2
    assert result.exposed == set()


def test_a_single_province_is_reported_as_exposed() -> None:
    result = publish_table(table(of({(FIRST_DAY, "110000", "P001"): 3, (FIRST_DAY, "110000", "P002"): 2})))
    assert ("registration_progress", "registrations", (FIRST, "110000", "_all")) not in result.small
    assert result.exposed


def test_the_attacker_finds_what_the_small_counts_alone_would_leave() -> None:
    """The test of the test: with no more than the small cells hidden, he solves for them."""
    whole = table(of(one_day(p110000=3, p420000=40, p540000=7)))
    result = publish_table(whole)
    naive = {
        name: {key: None if (*name, key) in result.small else whole.values[name].get(key, 0.0) for key in column}
        for name, column in result.published.items()
    }
    days = {FIRST_DAY: FIRST}
    follows = determined(naive, progress_equations([FIRST], ["110000", "420000", "540000"], ["P001", "P002"], days))
    assert (*COUNTS, (FIRST, "110000", "P001")) in follows


def test_what_was_hidden_beside_a_small_count_stays_hidden_when_that_has_grown(tmp_path: Path) -> None:
    """7 was hidden for the sake of 3. Shown once 3 has become 30, it would give 3 by the first publication's total."""
    first = publish_table(table(of(one_day(p110000=3, p420000=40, p540000=7))), tmp_path, "1")
    assert (FIRST, "540000", "P001") in gaps(first)
    grown = table(of(one_day(p110000=30, p420000=40, p540000=7)))
    assert (FIRST, "540000", "P001") not in gaps(publish_table(grown))
    assert (FIRST, "540000", "P001") in gaps(publish_table(grown, tmp_path, "2"))


def test_a_cell_that_was_shown_before_does_not_serve_as_a_partner(tmp_path: Path) -> None:
    """540000 showed 7 when the period was over; hiding it now that 110000 has fallen to 3 would hide nothing."""
    after = {(SECOND_DAY, province, "P001"): 60 for province in ("110000", "420000", "540000", "660000")}
    publish_table(table(of(one_day(p110000=12, p420000=40, p540000=7, p660000=9) | after)), tmp_path, "1")
    later = one_day(p110000=3, p420000=40, p540000=7, p660000=8) | after
    assert (FIRST, "540000", "P001") in gaps(publish_table(table(of(later))))
    result = publish_table(table(of(later)), tmp_path, "2")
    assert {(FIRST, "110000", "P001"), (FIRST, "660000", "P001")} <= gaps(result)
    assert (FIRST, "540000", "P001") not in gaps(result)


def test_what_a_running_period_has_grown_by_does_not_tell_a_small_day(tmp_path: Path) -> None:
    """The period showed 70 on its third day. With 72 shown on the fourth the third day's 2 would follow."""
    provinces, platforms = ("110000", "420000", "540000"), ("P001", "P002", "P003")
    places = [(province, platform) for province in provinces for platform in platforms]
    first = {(FIRST_DAY, *place): 40 for place in places} | {("2020-03-24", *place): 30 for place in places}
    publish_table(table(of(first)), tmp_path, "1", known_on=date(2020, 3, 25))
    few = [(province, platform) for province in provinces[:2] for platform in platforms[:2]]
    grown = first | {("2020-03-25", *place): 2 if place in few else 20 for place in places}
    result = publish_table(table(of(grown)), tmp_path, "2", known_on=date(2020, 3, 26))
    assert {("2020-03-25", *place) for place in few} <= gaps(result, ("registration_daily", "registrations"))
    assert {(FIRST, *place) for place in few} <= gaps(result)
    assert result.exposed == set()
    assert gaps(publish_table(table(of(grown)))) == set()
