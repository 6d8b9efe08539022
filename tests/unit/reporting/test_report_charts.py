"""The report's charts and tables: shapes as long as their numbers, and withheld cells that look withheld."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
from support.report_page import ReportPage

from orchestration.reporting.period_report.charts import Bar, Series, bars, columns, stacks, tiles
from orchestration.reporting.period_report.markup import Column, table
from orchestration.reporting.period_report.tiles import COLUMNS, TILES

ONE = [Series("人", "persons", "s1")]
TWO = [Series("甲", "a", "s1"), Series("乙", "b", "s2")]


def widths(html: str) -> list[float]:
    return [float(width) for width in re.findall(r'<rect [^>]*? width="([\d.]+)"', html)]


def test_bars_are_as_long_as_their_values() -> None:
    drawn = bars("x", ("题", "title"), [Bar("甲", [200, 50]), Bar("乙", [0, None], is_withheld=True)], TWO)
    assert widths(drawn) == [100.0, 25.0]
    assert ReportPage.read(drawn).marks == {"x": [200, 50]}
    assert drawn.count("未公布") == 1  # the None, and not the 0


def test_stacks_fill_the_width_and_begin_where_the_part_before_ends() -> None:
    drawn = stacks("x", ("题", "title"), [Bar("甲", [30, 10]), Bar("没有", [0, 0])], TWO)
    assert widths(drawn) == [75.0, 25.0]
    assert re.findall(r' x="([\d.]+)"', drawn) == ["0.000", "75.000"]
    assert "没有" not in drawn


def test_columns_stand_on_a_round_scale_and_mark_the_period() -> None:
    days = [(date(2020, 3, 23), 30), (date(2020, 3, 24), 350)]
    drawn = columns("x", ("题", "title"), days, marked=(date(2020, 3, 24), date(2020, 4, 5)), ticks=[days[0][0]])
    assert "<span>400</span><span>200</span><span>0</span>" in drawn
    assert re.findall(r'<rect class="(\w+)".*?height="([\d.]+)"', drawn) == [("s1", "7.500"), ("now", "87.500")]


def test_the_sum_of_a_stack_is_withheld_where_a_part_is() -> None:
    drawn = stacks("x", ("题", "title"), [Bar("甲", [30, None], is_withheld=True), Bar("乙", [6, 0], True)], TWO)
    assert re.findall(r'class="figure n( withheld)?"[^>]*>([^<]+)<', drawn) == [(" withheld", "…"), ("", "6")]


@pytest.mark.parametrize("draw", [bars, stacks])
def test_a_chart_of_withheld_values_does_not_say_that_there_are_none(draw) -> None:
    drawn = draw("x", ("题", "title"), [Bar("甲", [None, 0], is_withheld=True), Bar("乙", [0, 0])], TWO)
    assert "本期的数未公布" in drawn and "本期没有记录" not in drawn


@pytest.mark.parametrize(
    "drawn",
    [
        bars("x", ("题", "title"), [Bar("甲", [0])], ONE),
        stacks("x", ("题", "title"), [], ONE),
        columns("x", ("题", "title"), [], marked=(date.min, date.max), ticks=[]),
        tiles("x", ("题", "title"), {}),
    ],
)
def test_a_chart_without_a_value_says_so(drawn: str) -> None:
    assert "本期没有记录" in drawn
    assert "<svg" not in drawn


def test_a_darker_tile_is_a_larger_number() -> None:
    drawn = tiles("x", ("题", "title"), {"420000": (1000, False), "650000": (41, False), "540000": (None, True)})
    assert '<li class="q5" data-province="420000"' in drawn
    assert '<li class="q2" data-province="650000"' in drawn  # above 1000 × (1/5)², the first step's end
    assert '<li class="hidden" data-province="540000"' in drawn
    assert "≤ 40<" in drawn and "≤ 1,000<" in drawn


def test_a_tile_has_room_for_a_large_number() -> None:
    assert 'data-value="423112">42.3万<' in tiles("x", ("题", "title"), {"420000": (423112, False)})


def test_no_two_provinces_share_a_tile() -> None:
    places = {(tile.column, tile.row) for tile in TILES.values()}
    assert len(places) == len(TILES) == 35
    assert max(tile.column for tile in TILES.values()) == COLUMNS


def test_a_table_tells_withheld_from_missing_and_keeps_the_exact_number() -> None:
    rows = [("<甲>", Decimal("1234.56"), None, True), ("乙", Decimal("0.00"), None, False)]
    written = table(
        "t", [Column("名", "name", "text"), Column("元", "CNY", "money"), Column("人", "n")], rows, has_flag=True
    )
    page = ReportPage.read(written)
    assert page.tables == {"t": [["<甲>", Decimal("1234.56"), "…"], ["乙", Decimal("0.00"), "–"]]}
    assert page.shown[0] == ("1234.56", "1,234.56")
