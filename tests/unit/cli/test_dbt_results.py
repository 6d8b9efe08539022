"""What is read out of dbt's run_results.json."""

from __future__ import annotations

import json

from orchestration.transforming.results import RUN_RESULTS, read_results, summarise


def result(unique_id: str, status: str, *, failures: int | None = None, message: str | None = None) -> dict:
    return {"unique_id": unique_id, "status": status, "failures": failures, "message": message}


def test_every_kind_of_outcome_is_counted_once_and_named():
    report = summarise(
        [
            result("model.warehouse.fct_registration", "success", message="OK"),
            result("seed.warehouse.regions", "success"),
            result("model.warehouse.broken", "error", message="Conversion Error:\n  Could not convert 'x'"),
            result("model.warehouse.below_it", "skipped"),
            result("test.warehouse.unique_key.abc", "pass", failures=0),
            result(
                "test.warehouse.parts_and_total.def", "fail", failures=3, message="Got 3 results, configured to fail"
            ),
            result("test.warehouse.orphans.ghi", "warn", failures=1),
            result("test.warehouse.cannot_run.jkl", "error", message="Binder Error: no column y"),
            result("unit_test.warehouse.fct_registration.counts_verified_only", "pass"),
            result("unit_test.warehouse.fct_registration.cut_to_four_hours", "fail", failures=1),
        ],
        seconds=4.5,
    )
    assert (report.models_built, report.tests_passed, report.seconds) == (2, 2, 4.5)
    assert [str(failure) for failure in report.failures] == ["broken: Conversion Error: Could not convert 'x'"]
    assert [str(outcome) for outcome in report.tests_failed] == [
        "parts_and_total: 3 rows",
        "cannot_run: could not run (Binder Error: no column y)",
        "fct_registration.cut_to_four_hours: 1 row",
    ]
    assert [str(outcome) for outcome in report.tests_warned] == ["orphans: 1 row"]
    assert report.skipped == ("below_it",)
    assert not report.is_ok


def test_warnings_alone_are_no_failure():
    report = summarise(
        [result("test.warehouse.orphans.ghi", "warn", failures=7), result("model.warehouse.m", "success")]
    )
    assert report.is_ok


def test_a_dashboard_in_the_lineage_is_neither_built_nor_failed():
    report = summarise(
        [result("exposure.warehouse.overview", "no-op", message="NO-OP"), result("model.warehouse.m", "success")]
    )
    assert report.is_ok and report.models_built == 1
    assert not summarise(
        [result("model.warehouse.m", "error"), result("exposure.warehouse.overview", "skipped")]
    ).skipped


def test_a_skipped_model_is_a_failure_even_without_its_cause():
    assert not summarise([result("model.warehouse.m", "skipped")]).is_ok


def test_without_a_finished_run_there_is_no_report(tmp_path):
    assert read_results(tmp_path) is None
    (tmp_path / RUN_RESULTS).write_text(
        json.dumps({"results": [result("model.warehouse.m", "success")], "elapsed_time": 1.25}), encoding="utf-8"
    )
    report = read_results(tmp_path)
    assert report is not None and (report.models_built, report.seconds) == (1, 1.25)
