"""The report's sections on what changed: each step between filing and record, and figures of ended periods."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from support.report_page import ReportPage

from orchestration.reporting.period_report.changes import STEPS, bridge, restatements
from orchestration.reporting.period_report.head import Head

DAY = date(2020, 4, 6)
HEAD = Head("行动", DAY, DAY, DAY, DAY, 2, datetime.fromisoformat("2020-04-22 18:00"), DAY, DAY, True, DAY, {})
DELTAS = ("late_arrival", "correction", "cancellation", "verification", "recoding", "roster", "rule")


@pytest.fixture
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        connection.execute(
            """create table marts.reconciliation_bridge (period_start date, province_code varchar,
            province_name_zh varchar, indicator_code varchar, indicator_name_zh varchar, sort_order integer,
            measure varchar, step varchar, value decimal(18, 4), likely_cause varchar)"""
        )
        deltas = ", ".join(f"{name}_delta decimal(18, 2)" for name in DELTAS)
        connection.execute(
            f"""create table marts.restatement (period_start date, province_code varchar, indicator_code varchar,
            indicator_name_zh varchar, measure varchar, dispatch_at timestamp, value_before decimal(18, 2),
            value decimal(18, 2), delta decimal(18, 2), {deltas})"""
        )
        yield connection


def file_figure(marts: duckdb.DuckDBPyConnection, indicator: str, cause: str | None = None, **steps: int) -> None:
    """A bridge of one figure; `recorded` is the sum of all steps."""
    values = {"reported": 0} | dict.fromkeys(STEPS, 0) | steps
    values["recorded"] = sum(values.values())
    marts.executemany(
        "insert into marts.reconciliation_bridge values (?, '420000', '湖北省', ?, ?, 1, 'cumulative', ?, ?, ?)",
        [[DAY, indicator, indicator, step, value, cause] for step, value in values.items()],
    )


def restate(marts: duckdb.DuckDBPyConnection, period: date, due: str, before: int, **parts: int) -> None:
    deltas = [parts.get(name, 0) for name in DELTAS]
    row: list[Any] = [period, "000000", "courses_open", "课程", "this_period", due, before, before + sum(deltas)]
    marks = ", ".join("?" * (len(row) + 1 + len(DELTAS)))
    marts.execute(f"insert into marts.restatement values ({marks})", [*row, sum(deltas), *deltas])


def test_the_bridge_goes_from_filed_to_recorded(marts: duckdb.DuckDBPyConnection) -> None:
    file_figure(marts, "甲", "unverified", reported=10, unexplained=-3, late_arrival=5)
    file_figure(marts, "乙", reported=7, late_arrival=1, correction=-1)
    file_figure(marts, "丙", reported=4)
    page = ReportPage.read(bridge(marts, HEAD))
    # By the size of the difference, then of the largest step; what no step changes is left out.
    assert page.tables["bridge"] == [
        ["湖北省", "甲", "累计", *map(Decimal, (10, -3, 5, 0, 0, 0, 0, 0, 0, 12)), "未实名 unverified"],
        ["湖北省", "乙", "累计", *map(Decimal, (7, 0, 1, -1, 0, 0, 0, 0, 0, 7)), "–"],
    ]
    # Unexplained lowers one, late arrival raises two, a correction lowers one.
    assert page.marks["bridge"] == [1, 2, 1]


def test_a_figure_is_held_against_what_it_first_was(marts: duckdb.DuckDBPyConnection) -> None:
    first = date(2020, 3, 23)
    restate(marts, first, "2020-04-22 18:00", 100, late_arrival=8, recoding=-1)
    restate(marts, first, "2020-05-08 18:00", 107, cancellation=-7)
    restate(marts, DAY, "2020-05-08 18:00", 50)
    page = ReportPage.read(restatements(marts, HEAD))
    assert page.tables["restatements"] == [
        ["2020-03-23", "课程", "本期", *map(Decimal, (100, 100, 0, 8, 0, -7, 0, -1))],
    ]
    assert "至 2020-05-08 到期时止，其后收到的不计" in restatements(marts, HEAD)
    # One figure by late arrival and one by recoding at the first due time, one by cancellation at the second.
    assert page.marks["restatements"] == [1, 1, 1]


def test_a_later_period_is_no_part_of_an_earlier_report(marts: duckdb.DuckDBPyConnection) -> None:
    restate(marts, DAY, "2020-05-08 18:00", 50, correction=1)
    drawn = restatements(marts, replace(HEAD, period=date(2020, 3, 23)))
    assert "已报各期的全国数字未变" in drawn and "<table" not in drawn
    assert ReportPage.read(restatements(marts, HEAD)).tables["restatements"][0][5] == 1


def test_without_a_filing_the_section_says_so(marts: duckdb.DuckDBPyConnection) -> None:
    assert bridge(marts, HEAD).count("本期没有记录") == 2
