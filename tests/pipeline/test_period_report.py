"""`warehouse report` on a built warehouse: its numbers are the marts', and a browser shows it whole."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.report_page import ReportPage

PERIOD = "2020-06-15"
CHROMIUM = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)

# Table of the report → the same numbers from its mart, the columns in the table's order. Texts are compared too.
NATION = f"period_start = '{PERIOD}' and province_code = '000000'"
TABLES = {
    "targets": f"""
        select target_name_zh, province_name_zh, target_value, actual_value, unit, achieved_share, expected_share,
            reached_on from marts.target_progress where period_start = '{PERIOD}'""",
    "periods": f"""
        select period_start, registrations, learners, new_learners, cumulative_registrations, cumulative_learners,
            completed_registrations, study_hours
        from marts.registration_progress
        where province_code = '000000' and platform_id = '_all' and period_start <= '{PERIOD}'""",
    "provinces": f"""
        select province_name_zh, registrations, learners, cumulative_registrations, cumulative_learners,
            completed_registrations, study_hours
        from marts.registration_progress where platform_id = '_all' and period_start = '{PERIOD}'""",
    "groups": f"""
        select group_name_zh, declared_registrations, confirmed_registrations, declared_persons, confirmed_persons,
            completed_persons, study_hours, allowance_persons from marts.key_group_participation where {NATION}""",
    "regions": f"""
        select region_set_name_zh, zone_courses_count, ministry_platforms_with_zone_count, registrations, learners,
            key_group_persons, completed_persons, paid_amount_cny
        from marts.key_region_support where period_start = '{PERIOD}' and not regexp_matches(region_set, '^[0-9]')""",
    "counties": f"""
        select region_set_name_zh, zone_courses_count, ministry_platforms_with_zone_count, registrations, learners,
            key_group_persons, completed_persons, paid_amount_cny
        from marts.key_region_support where period_start = '{PERIOD}' and regexp_matches(region_set, '^[0-9]')""",
    "subsidies": f"""
        select scheme_name_zh, fund_name_zh, entitled_amount_cny, claimed_count, claimed_amount_cny,
            approved_amount_cny, rejected_count, paid_amount_cny, paid_persons, recovered_amount_cny,
            unpaid_amount_cny, overdue_claims_count, median_days_claim_to_paid
        from marts.subsidy_progress where {NATION}""",
    "bridge": f"""
        select province_name_zh, indicator_name_zh, case measure when 'cumulative' then '累计' else '本期' end,
            reported, unexplained, late_arrival, correction, cancellation, verification, recoding, roster, rule,
            recorded, null
        from (
            pivot (
                select province_name_zh, indicator_name_zh, sort_order, province_code, measure, step, value
                from marts.reconciliation_bridge where period_start = '{PERIOD}'
            ) on step using max(value)
        )
        where greatest(abs(unexplained), abs(late_arrival), abs(correction), abs(cancellation), abs(verification),
            abs(recoding), abs(roster), abs(rule)) > 0
        order by abs(recorded - reported) desc, greatest(abs(unexplained), abs(late_arrival), abs(correction),
            abs(cancellation), abs(verification), abs(recoding), abs(roster), abs(rule)) desc,
            province_code, sort_order, measure
        limit 40""",
    "late": f"""
        select sender_name_zh, sender_id, feed_name_zh, status_name_zh, strftime(due_at, '%Y-%m-%d %H:%M'),
            strftime(first_received_at, '%Y-%m-%d %H:%M'), days_late
        from marts.reporting_timeliness
        where period_start = '{PERIOD}' and status in ('late', 'missing', 'empty')""",
}
# Chart → the sum of all its shapes.
CHARTS = {
    "daily_registrations": f"""
        select sum(registrations) from marts.registration_daily
        where province_code = '000000' and platform_id = '_all' and day < date '{PERIOD}' + 14""",
    "coverage": f"select count(*) from marts.occupation_coverage where period_start = '{PERIOD}'",
    "groups": f"select sum(declared_persons + confirmed_persons) from marts.key_group_participation where {NATION}",
    "subsidies": f"""
        select sum(claimed_amount_cny + approved_amount_cny + paid_amount_cny) from marts.subsidy_progress
        where {NATION}""",
    "supervision": f"""
        select sum(coalesce(open_count, 0) + coalesce(penalised_count, 0) + coalesce(recovered_count, 0)
            + coalesce(cleared_count, 0))
        from marts.supervision_signal_summary where period_start = '{PERIOD}'""",
    "timeliness": f"select count(*) from marts.reporting_timeliness where period_start = '{PERIOD}'",
    "bridge": f"""
        select count(*) from marts.reconciliation_bridge
        where period_start = '{PERIOD}' and step not in ('reported', 'recorded') and value <> 0""",
    "reconciliation": f"""
        select count(*) from marts.dispatch_reconciliation
        where period_start = '{PERIOD}' and status <> 'not_recorded'""",
}


@pytest.fixture(scope="module")
def written(built: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    ended = built.deployment.run("report", "--period", PERIOD, "--out", str(path), "--json")
    assert ended.exit_code == 0, ended.text
    assert ended.answer["path"] == str(path)
    return path


@pytest.fixture(scope="module")
def page(written: Path) -> ReportPage:
    return ReportPage.read(written.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def marts(built: Any) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(built.deployment.published), read_only=True) as connection:
        yield connection


def comparable(rows: list[Any]) -> list[tuple]:
    """Rows in one order; `…` and `–` are both a NULL of the mart, numbers are rounded beyond what either side holds."""
    return sorted(tuple(_cell(cell) for cell in row) for row in rows)


def _cell(cell: Any) -> str:
    if cell is None or cell in ("…", "–"):
        return "null"
    if isinstance(cell, int | float | Decimal):
        return f"{Decimal(str(cell)):.9f}"
    return str(cell)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_holds_the_numbers_of_its_mart(name: str, page: ReportPage, marts: duckdb.DuckDBPyConnection) -> None:
    expected = marts.execute(TABLES[name]).fetchall()
    assert len(expected) > 0
    assert comparable(page.tables[name]) == comparable(expected)


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_draws_the_numbers_of_its_mart(name: str, page: ReportPage, marts: duckdb.DuckDBPyConnection) -> None:
    (expected,) = marts.execute(CHARTS[name]).fetchall()[0]
    assert expected > 0
    assert sum(page.marks[name]) == expected


def test_a_formatted_number_is_the_exact_one_rounded(page: ReportPage) -> None:
    for exact, text in page.shown:
        factor = 100 if text.endswith("%") else 1
        shown = Decimal(text.rstrip("%").replace(",", ""))
        assert abs(shown - Decimal(exact) * factor) <= Decimal("0.5"), (exact, text)


def test_withheld_cells_are_shown_as_such(page: ReportPage, marts: duckdb.DuckDBPyConnection) -> None:
    (withheld,) = marts.execute(
        f"""
        select count(*) from marts.registration_progress
        where platform_id = '_all' and period_start = '{PERIOD}' and is_suppressed and registrations is null"""
    ).fetchall()[0]
    assert withheld > 0
    assert [row[1] for row in page.tables["provinces"]].count("…") == withheld


def test_where_no_figure_has_changed_since_the_page_says_so(written: Path, marts: duckdb.DuckDBPyConnection) -> None:
    """The world is pulled once. What the section shows of figures that changed: tests/unit/reporting."""
    changed = "select count(*) from marts.restatement where province_code = '000000' and delta <> 0"
    assert marts.execute(changed).fetchall() == [(0,)]
    assert "已报各期的全国数字未变" in written.read_text(encoding="utf-8")


def test_it_fetches_nothing(page: ReportPage, written: Path) -> None:
    assert page.addresses == ["data:,"]
    text = written.read_text(encoding="utf-8")
    assert "<script" not in text and "@import" not in text and "url(" not in text
    assert text.count("http") == 0


def test_a_period_that_has_not_begun_is_wrong_use(built: Any) -> None:
    ended = built.deployment.run("report", "--period", "2020-06-16")
    assert ended.exit_code == 2
    assert "2020-06-16" in ended.stderr and "2020-03-23, 2020-04-06" in ended.stderr


def test_nothing_published_is_told_in_words(built: Any, tmp_path: Path) -> None:
    other = type(built.deployment)(tmp_path, built.deployment.sources)
    ended = other.run("report", "--period", PERIOD)
    assert ended.exit_code == 1
    assert "nothing is published" in ended.stderr and "Traceback" not in ended.stderr


@pytest.mark.ui
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium")
def test_a_browser_shows_it_whole_on_a_desk_and_on_a_phone(written: Path, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        for width in (390, 1280):
            opened = browser.new_page(viewport={"width": width, "height": 900})
            told: list[str] = []
            asked: list[str] = []
            opened.on("console", lambda message, told=told: told.append(message.text))
            opened.on("pageerror", lambda error, told=told: told.append(str(error)))
            opened.on("request", lambda request, asked=asked: asked.append(request.url))
            opened.goto(written.as_uri())
            opened.screenshot(path=str(tmp_path / f"{width}.png"), full_page=True)
            assert told == []
            assert asked == [written.as_uri()]
            assert opened.evaluate("document.documentElement.scrollWidth") <= width
            assert opened.evaluate(EMPTY_CHARTS) == []
            assert opened.evaluate(CUT_TEXT) == []
        browser.close()


# A chart has a shape that can be seen, or tiles with text.
EMPTY_CHARTS = """[...document.querySelectorAll('figure[data-chart]')].filter(chart =>
    ![...chart.querySelectorAll('svg rect, .tiles .n')].some(shape => {
        const box = shape.getBoundingClientRect(); return box.width > 0.5 && box.height > 0.5}))
    .map(chart => chart.dataset.chart)"""
# Text that its own box cuts off. Wide tables scroll in a box of their own, which is meant to.
CUT_TEXT = """[...document.querySelectorAll('h1, h2, h3, figcaption, .name, .figure, .tiles b, .tiles .n, nav a')]
    .filter(text => text.scrollWidth > text.clientWidth + 1 && getComputedStyle(text).display !== 'inline')
    .map(text => text.textContent)"""
