"""What the published copy tells of differences, changes and doubts: of provinces nothing that counts persons; and that
its rows are the warehouse's."""

from __future__ import annotations

import duckdb
import pytest
from deployment import Built

pytestmark = pytest.mark.pipeline
# What counts platforms, courses, occupations, projects, penalties and events.
OF_NO_PERSONS = {"platforms_selected", "courses_open", "occupations_covered", "prepaid_projects", "penalties"}
EVENTS = {"publicity_events", "new_occupations", "standards_started", "evaluation_institutions"}


def published(built: Built, sql: str) -> list[tuple]:
    with duckdb.connect(str(built.deployment.published), read_only=True) as connection:
        return connection.execute(sql).fetchall()


@pytest.mark.parametrize(
    ("mart", "allowed"),
    [
        ("reconciliation_bridge", OF_NO_PERSONS),
        ("restatement", OF_NO_PERSONS),
        ("reporting_anomaly", OF_NO_PERSONS | EVENTS | {"_all"}),
    ],
)
def test_of_provinces_only_what_counts_no_persons_or_money(built: Built, mart: str, allowed: set[str]) -> None:
    sql = f"select distinct indicator_code from marts.{mart} where province_code <> '000000'"
    told = {indicator for (indicator,) in published(built, sql)}
    assert told and told <= allowed
    there = {indicator for (indicator,) in built.deployment.query(sql)}
    # Built in one go, this warehouse knew of no person at an earlier due time.
    assert there - allowed or mart == "restatement", "the warehouse has no other either: this test shows nothing"


def test_the_nations_restatements_are_published_whole(built: Built) -> None:
    sql = "from marts.restatement where province_code = '000000' order by all"
    whole = built.deployment.query(sql)
    assert whole and published(built, sql) == whole


def test_digit_heaping_tells_of_figures_and_not_of_what_they_count(built: Built) -> None:
    """It stands for a whole table: its two numbers are numbers of figures, of which a table has few."""
    tests = published(built, "select distinct test_code from marts.reporting_anomaly where indicator_code = '_all'")
    assert tests in ([], [("digit_heaping",)])
    indicators = built.deployment.query("select count(*) from core.dim_indicator")[0][0]
    most = published(built, "select max(expected_value) from marts.reporting_anomaly where indicator_code = '_all'")
    assert (most[0][0] or 0) <= indicators


def test_every_published_row_is_the_warehouses(built: Built) -> None:
    """Zeros stay, so that no row of withheld zeros has to be added."""
    sql = "select table_name from marts.publication_table where added_rows_count > 0"
    assert published(built, sql) == []
