"""The dashboards' charts as SQL, without Superset, on a published copy: each answers, and with its mart's numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from support.dashboard_headlines import HEADLINES, ROWS_OF_WHAT_MAY_BE_EMPTY
from support.dashboard_sql import Bundle, ChartQuery

from bi.superset.bundle import write_bundle
from bi.superset.reading import read_declaration

pytestmark = pytest.mark.pipeline

DECLARATION = read_declaration()
CHARTS = [(dashboard.slug, chart.name) for dashboard in DECLARATION.dashboards for chart in dashboard.charts]
# A row that holds the others of its column: what is added up must not mix it with them.
TOTALS = {"province_code": "000000", "platform_id": "_all"}
# Members that overlap: two of them are never added up.
OVERLAPPING = ("group_code", "region_set", "target_code", "indicator_code")


@pytest.fixture(scope="module")
def marts(built: Any) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(built.deployment.published), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def bundle(built: Any) -> Bundle:
    return Bundle(write_bundle(DECLARATION, built.deployment.published))


def columns_of(table: str, marts: duckdb.DuckDBPyConnection) -> set[str]:
    rows = marts.execute("select column_name from duckdb_columns() where table_name = ?", [table]).fetchall()
    return {name for (name,) in rows}


@pytest.mark.parametrize(("slug", "title"), CHARTS)
def test_a_chart_shows_something(slug: str, title: str, bundle: Bundle, marts: duckdb.DuckDBPyConnection) -> None:
    for query in bundle.queries(slug, title, marts):
        answered = marts.execute(query.sql)
        names = [column[0] for column in answered.description or []]
        rows = answered.fetchall()
        counted = ROWS_OF_WHAT_MAY_BE_EMPTY.get(slug, {}).get(title)
        if counted and marts.execute(counted).fetchall() == [(0,)]:
            assert rows == []
            continue
        assert len(rows) > 0
        values = [value for row in rows for name, value in zip(names, row, strict=True) if name in query.metrics]
        assert any(value is not None for value in values), "every number is withheld"


@pytest.mark.parametrize(("slug", "title"), CHARTS)
def test_a_chart_adds_up_nothing_twice(slug: str, title: str, bundle: Bundle, marts: duckdb.DuckDBPyConnection) -> None:
    for query in bundle.queries(slug, title, marts):
        there = columns_of(query.table, marts)
        mixed = [
            f"bool_or({name} = '{total}') <> bool_and({name} = '{total}')"
            for name, total in TOTALS.items()
            if name in there
        ]
        many = [f"count(distinct {name}) > 1" for name in OVERLAPPING if name in there and _adds_up(query)]
        if mixed or many:
            found = marts.execute(
                f"select count(*) {query.filtered} {query.grouping} having {' or '.join(mixed + many)}"
            ).fetchall()
            assert found == []


def _adds_up(query: ChartQuery) -> bool:
    return any(expression.startswith("SUM(") for expression in query.metrics.values())


@pytest.mark.parametrize("slug", [dashboard.slug for dashboard in DECLARATION.dashboards])
def test_a_headline_is_the_number_of_its_mart(slug: str, bundle: Bundle, marts: duckdb.DuckDBPyConnection) -> None:
    shown = {
        chart["slice_name"]: marts.execute(bundle.queries(slug, chart["slice_name"], marts)[0].sql).fetchall()[0][0]
        for chart, _ in bundle.charts_of(slug)
        if chart["viz_type"] == "big_number_total"
    }
    expected = {title: marts.execute(sql).fetchall()[0][0] for title, sql in HEADLINES[slug].items()}
    assert shown == expected
    assert any(value for value in shown.values())


def test_the_daily_curve_adds_up_to_the_target(bundle: Bundle, marts: duckdb.DuckDBPyConnection) -> None:
    title = next(title for slug, title in CHARTS if slug == "overview" and title.startswith("每日"))
    days = marts.execute(bundle.queries("overview", title, marts)[0].sql).fetchall()
    (registrations,) = marts.execute(HEADLINES["overview"]["人次 Registrations"]).fetchall()[0]
    (target,) = marts.execute(
        "select max(actual_value) from marts.target_progress where target_code = 'registrations'"
    ).fetchall()[0]
    assert sum(row[1] for row in days) == registrations == target > 0


def test_the_map_has_a_shape_for_each_province(bundle: Bundle, marts: duckdb.DuckDBPyConnection) -> None:
    """A code without a shape would leave a province white."""
    shapes = marts.execute(
        bundle.queries("groups-and-regions", "各省重点群体申报人次 Declared registrations by province", marts)[0].sql
    ).fetchall()
    assert [shape for shape, _ in shapes if not shape.startswith("CN-")] == []
    words = DECLARATION.datasets["key_group_participation"].columns["shape"].words
    provinces = marts.execute(
        "select province_code from marts.dim_province where province_code not in ('000000', '660000', '990000')"
    ).fetchall()
    assert set(words) == {code for (code,) in provinces}
    assert len(set(words.values())) == len(words)


def test_words_for_categories_are_those_of_the_marts(marts: duckdb.DuckDBPyConnection) -> None:
    """The dashboards' own words for codes say what another mart says for the same codes."""
    words = DECLARATION.datasets["occupation_coverage"].columns["category_name"].words
    named = marts.execute(
        """select distinct content_category, content_category_name_zh from marts.course_supply
        where content_category in (select category from marts.occupation_coverage)"""
    ).fetchall()
    assert words == dict(named)
