"""The lines that a build ends with."""

from __future__ import annotations

import io

import duckdb
from rich.console import Console

from orchestration.loading.load import LoadReport
from orchestration.pipeline import BuildReport, PullSummary
from orchestration.reporting.standing import RefusedRows, Standing, read_standing
from orchestration.reporting.summary import render_build, render_standing
from orchestration.transforming.results import TestOutcome, TransformReport


def test_each_line_of_a_failed_build_keeps_its_label_apart_from_its_text():
    written = io.StringIO()
    failed = TransformReport(tests_failed=(TestOutcome("primary_key_of_a_mart", 2, ""),), skipped=("a_mart",))
    render_build(Console(file=written, width=200), BuildReport(PullSummary(), LoadReport(), failed, None, None))
    lines = written.getvalue().splitlines()
    assert lines[-1].startswith("withheld   the publication: ")
    assert [line[10] for line in lines] == [" "] * len(lines)


def _lines(standing: Standing) -> list[str]:
    written = io.StringIO()
    render_standing(Console(file=written, width=200), standing)
    return [line.rstrip() for line in written.getvalue().splitlines()]


def test_rows_without_their_other_side_are_told_by_feed():
    connection = duckdb.connect()
    connection.execute(
        """
        create schema marts;
        create table marts.target_progress (
            target_code text, province_code text, unit text, actual_value bigint, target_value bigint,
            achieved_share double, expected_share double, is_achieved boolean, reached_on date, as_at date,
            period_start date
        );
        create table marts.reporting_timeliness (
            sender_id text, feed text, period_start date, status text, days_late integer
        );
        create table marts.data_quality as
        from (values
            ('P1', 'certificates', 'orphaned', 2), ('P2', 'certificates', 'orphaned', 1),
            ('P1', 'learning_records', 'orphaned', 1200), ('P1', 'courses', 'orphaned', 0),
            ('P1', 'courses', 'out_of_range', 4)
        ) as counted (sender_id, feed, reason, rows_count);
        """
    )
    standing = read_standing(connection)
    assert standing.orphaned_rows_by_feed == {"learning_records": 1200, "certificates": 3}
    assert standing.refused == (RefusedRows("out_of_range", "P1", "courses", 4),)
    told = "orphaned   1,203 rows whose other side has not come (learning_records 1,200, certificates 3)"
    assert _lines(standing)[-1] == told


def test_refusals_say_that_each_reason_of_a_row_counts():
    """A row may be refused for several reasons, so the line differs from the rows quarantined at the pull."""
    standing = Standing((), (), (RefusedRows("bad_type", "P1", "courses", 1),), {})
    assert _lines(standing)[-2:] == [
        "quarantine 1 refusal, each reason of a row counted; `warehouse quarantine list` shows each",
        "           bad_type: 1 (most: P1 courses 1)",
    ]
