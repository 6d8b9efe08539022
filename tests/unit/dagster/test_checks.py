"""What the checks say of a mart: passed, warned, failed, and whom to chase."""

from __future__ import annotations

from datetime import date, datetime

import duckdb
import pytest
from dagster import AssetCheckSeverity

from orchestration.checks import quarantine, timeliness
from orchestration.checks.timeliness import Due

P6, P7, P8 = date(2020, 6, 1), date(2020, 6, 15), date(2020, 6, 29)


def due(sender: str, period: date, status: str, days_late: int | None = None) -> Due:
    received = None if status in ("missing", "not_due") else datetime.fromisoformat("2020-07-01T12:00")
    return Due(
        "courses",
        period,
        sender,
        status,
        datetime.fromisoformat("2020-07-01T18:00"),
        received,
        days_late,
        5,
        0,
        status != "not_due",
    )


def test_all_on_time_passes():
    result = timeliness.judge("courses", [due("P001", P6, "on_time"), due("P001", P7, "on_time")])
    assert result.passed
    assert result.description == "All 2 due reports came; those of the newest due period, from 2020-06-15, on time."


def test_a_missing_report_is_an_error_that_names_the_sender():
    result = timeliness.judge("courses", [due("P001", P7, "on_time"), due("P002", P7, "missing", 3)])
    assert not result.passed
    assert result.severity is AssetCheckSeverity.ERROR
    assert result.description == "1 of 2 due reports are missing; for the period from 2020-06-15: P002."
    (record,) = result.metadata["to_chase"].records
    assert (record.data["sender"], record.data["status"], record.data["days_late"]) == ("P002", "missing", 3)
    assert record.data["first_received_at"] == ""


def test_a_backfilled_old_period_does_not_hide_the_newest():
    """The trap of freshness by materialization: period 2 filled in yesterday says nothing of period 7."""
    result = timeliness.judge("courses", [due("P001", P6, "late", 20), due("P001", P7, "missing", 1)])
    assert not result.passed
    assert "for the period from 2020-06-15: P001" in result.description


def test_late_or_empty_in_the_newest_due_period_is_a_warning():
    for status in ("late", "empty"):
        result = timeliness.judge("courses", [due("P001", P6, "on_time"), due("P001", P7, status, 2)])
        assert not result.passed
        assert result.severity is AssetCheckSeverity.WARN
        assert f"P001 ({status})" in result.description


def test_late_in_an_older_period_is_listed_and_passes():
    result = timeliness.judge("courses", [due("P001", P6, "late", 2), due("P001", P7, "on_time")])
    assert result.passed
    assert [record.data["status"] for record in result.metadata["to_chase"].records] == ["late"]


def test_what_is_not_due_is_no_trouble():
    result = timeliness.judge("courses", [due("P001", P7, "on_time"), due("P001", P8, "not_due")])
    assert result.passed
    assert result.metadata["next_due"].value == "2020-07-01 18:00"
    early = Due("courses", P8, "P001", "on_time", datetime.fromisoformat("2020-07-15T18:00"), None, None, 5, 0, False)
    assert (
        timeliness.judge("courses", [due("P001", P7, "on_time"), early]).metadata["newest_due_period"].value
        == "2020-06-15"
    )
    not_yet = timeliness.judge("courses", [due("P001", P8, "not_due")])
    assert not_yet.description == "No report of this feed is due yet."


def test_a_feed_that_nobody_owes_says_that_it_is_never_due():
    result = timeliness.judge("institutions", [])
    assert result.passed and "never late" in result.description


def test_the_worst_comes_first_in_a_long_table():
    reports = [due(f"P{i:03}", P6, "late", 1) for i in range(300)] + [due("P900", P6, "missing", 1)]
    records = timeliness.judge("courses", reports).metadata["to_chase"].records
    assert len(records) == 200
    assert records[0].data["sender"] == "P900"


def test_without_marts_both_checks_say_what_to_run():
    for result in (timeliness.judge("courses", None), quarantine.judge(None)):
        assert not result.passed
        assert "build_marts" in result.description


def test_refused_rows_are_a_warning_counted_by_sender_and_reason():
    rows = [(P6, "P001", "registrations", "identity_invalid", 3), (P7, "P002", "courses", "bad_type", 1)]
    result = quarantine.judge(rows)
    assert not result.passed
    assert result.severity is AssetCheckSeverity.WARN
    assert result.description == "4 rows of 2 senders are in quarantine."
    assert result.metadata["by_reason"].records[0].data["reason"] == "identity_invalid"
    assert quarantine.judge([]).passed


@pytest.fixture
def mart(warehouse):
    """A warehouse that holds the mart alone."""
    warehouse.settings.warehouse_dir.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(warehouse.settings.database_path)) as connection:
        connection.execute("create schema marts; create schema core")
        connection.execute("create table core.dim_campaign as select timestamp '2020-07-10 09:00' as clock")
        connection.execute(
            "create table marts.reporting_timeliness as select date '2020-06-15' as period_start, 'P001' as "
            "sender_id, 'courses' as feed, timestamp '2020-07-01 18:00' as due_at, null::timestamp as "
            "first_received_at, null::timestamp as last_received_at, 0 as versions_count, null::bigint as "
            "rows_count, null::bigint as quarantined_rows_count, 'missing' as status, 9 as days_late"
        )
    return warehouse


def test_the_mart_is_read_as_it_is(mart):
    (report,) = timeliness.read_due(mart)
    assert (report.sender_id, report.status, report.days_late, report.rows_count) == ("P001", "missing", 9, 0)


def test_no_database_is_no_error(warehouse):
    assert timeliness.read_due(warehouse) is None
