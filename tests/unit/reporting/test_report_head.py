"""What a report says of its period: up to which day its numbers go, while the action runs and after it."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.reporting.period_report.head import Head, of_last_period, read_head
from orchestration.reporting.period_report.page import top

CALENDAR = """
create schema marts;
create table marts.publication as select 'marts-1' as version;
create table marts.dim_campaign as
select '行动' as name_zh, date '2020-03-23' as first_day, date '2020-06-30' as last_day, date '{clock}' as clock_day;
create table marts.dim_period as
select *, timestamp '2020-07-15 18:00' as due_at, least(period_end, date '2020-06-30', date '{clock}') as as_at,
    period_end < date '{clock}' as is_complete, period_start <= date '{clock}' as is_begun,
    period_start <= date '2020-06-30' as is_in_action
from (values (date '2020-06-15', date '2020-06-28', 7), (date '2020-06-29', date '2020-07-12', 8),
    (date '2020-07-13', date '2020-07-26', 9)) as t (period_start, period_end, period_number)
"""


def head_of(period: str, clock: str) -> Head:
    with duckdb.connect() as connection:
        connection.execute(CALENDAR.format(clock=clock))
        return read_head(connection, period)


@pytest.mark.parametrize(
    ("period", "clock", "said"),
    [
        ("2020-06-15", "2020-06-20", ["数据截至 2020-06-20", "报告期尚未结束"]),
        ("2020-06-15", "2020-08-10", ["数据截至 2020-06-28"]),
        ("2020-06-29", "2020-07-10", ["数据截至 2020-07-10", "行动已于 2020-06-30 结束", "报告期尚未结束"]),
        ("2020-07-13", "2020-08-10", ["数据截至 2020-07-26", "行动已于 2020-06-30 结束"]),
    ],
)
def test_it_says_how_far_its_numbers_reach(period: str, clock: str, said: list[str]) -> None:
    drawn = top(head_of(period, clock), "题", is_sample=False)
    assert [word for word in said if word not in drawn] == []
    assert ("行动已于" in drawn, "报告期尚未结束" in drawn) == (
        "行动已于 2020-06-30 结束" in said,
        "报告期尚未结束" in said,
    )


def test_a_section_on_registrations_says_after_the_action_whose_numbers_it_shows() -> None:
    assert "自 2020-06-29 起" in of_last_period(head_of("2020-07-13", "2020-08-10"))
    assert of_last_period(head_of("2020-06-29", "2020-08-10")) == ""
