"""Which runs, checks and missing reports an alert is sent of, and what it says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    DagsterEvent,
    DagsterEventType,
    DagsterRun,
    DagsterRunStatus,
    Definitions,
    Failure,
    Output,
    asset,
    asset_check,
    build_run_status_sensor_context,
    define_asset_job,
)
from dagster._core.execution.plan.objects import StepSuccessData
from dagster._core.test_utils import create_run_for_test
from local_servers import webhook
from sample_secret import SECRET
from test_landing_cells import FIRST, land

from orchestration.partitions import read_roster
from orchestration.resources import Warehouse
from orchestration.sensors.alerts import alert_sensors, of_failed_checks, of_failed_run, of_missing


def failure_context(instance, run):
    """What the sensor of failed runs is given for `run`."""
    event = instance.get_records_for_run(run.run_id, of_type=DagsterEventType.RUN_FAILURE).records[0].event_log_entry
    return build_run_status_sensor_context(
        "alert_when_a_run_fails", event.dagster_event, instance, run
    ).for_run_failure()


def failed_alert(instance, run):
    return of_failed_run(failure_context(instance, run))


def test_a_failed_run_is_told_in_its_own_words_without_secrets(definitions, instance, senders):
    senders.broken["P002", "courses"] = "401 Unauthorized; the token in P002_TOKEN was refused"
    result = land(definitions, instance, (FIRST, "P001"), (FIRST, "P002"))
    alert = failed_alert(instance, instance.get_run_by_id(result.run_id))
    assert alert.title == f"land_platforms failed (run {result.run_id[:8]})"
    assert f"P002 courses {FIRST} v1/courses: 401 Unauthorized; the token in P002_TOKEN was refused" in alert.text
    assert SECRET not in alert.text


def test_the_words_of_an_error_that_is_not_ours_are_not_passed_on(definitions, instance, senders, monkeypatch):
    def broken(*_, **__):
        raise ValueError("张三 110101199003078515")

    monkeypatch.setattr(senders, "_answer", broken)
    result = land(definitions, instance, (FIRST, "P001"), (FIRST, "P001"))
    told = failed_alert(instance, instance.get_run_by_id(result.run_id)).text
    assert told == "landing__courses: ValueError; the run holds the rest"


def test_of_a_run_that_was_killed_the_step_is_named_in_which_it_ended(instance):
    run = create_run_for_test(instance, job_name="build_marts", status=DagsterRunStatus.STARTED)
    for kind, step, data in (
        ("STEP_START", "load", None), ("STEP_SUCCESS", "load", StepSuccessData(1.0)), ("STEP_START", "transform", None),
    ):  # fmt: skip
        event = DagsterEvent(kind, "build_marts", step_key=step, event_specific_data=data)
        instance.report_dagster_event(event, run.run_id)
    # As the daemon does when the run's process is gone.
    instance.report_run_failed(run)
    assert failed_alert(instance, run).text == (
        "It was ended from outside in transform: killed, or out of memory. Start it again."
    )


def test_of_a_run_that_never_began_that_is_said(definitions, instance):
    run = create_run_for_test(instance, job_name="land_platforms", status=DagsterRunStatus.STARTING)
    instance.report_run_failed(run)
    assert failed_alert(instance, run).text == "It ended before any step."


@pytest.fixture
def checked(instance):
    """Build a mart with a check that says `said["missing"]`; `fails`: a step beside it fails, or its own does."""
    said = {"missing": "3 reports are missing", "fails": ""}
    own = AssetCheckSpec("of_the_step_itself", asset="mart")

    @asset(check_specs=[own])
    def mart():
        yield AssetCheckResult(
            passed=said["fails"] != "mart", check_name=own.name, severity=AssetCheckSeverity.ERROR, description="2 rows"
        )
        if said["fails"] == "mart":
            raise Failure("test of_the_step_itself failed")
        yield Output(None)

    @asset(deps=[mart])
    def published():
        if said["fails"] == "published":
            raise Failure("nothing was published")

    @asset_check(asset=mart)
    def received():
        return AssetCheckResult(passed=False, severity=AssetCheckSeverity.ERROR, description=said["missing"])

    @asset_check(asset=mart)
    def unimportant():
        return AssetCheckResult(passed=False, severity=AssetCheckSeverity.WARN, description="one row")

    definitions = Definitions(
        [mart, published], asset_checks=[received, unimportant], jobs=[define_asset_job("build", selection="*")]
    )
    job = definitions.resolve_job_def("build")

    def build(**now_said):
        said.update({"fails": ""} | now_said)
        result = job.execute_in_process(instance=instance, raise_on_error=False)
        return instance.get_run_by_id(result.run_id)

    return build


def test_only_checks_of_severity_error_are_told_and_once_while_they_say_the_same(instance, checked):
    first = of_failed_checks(instance, checked())
    assert first.title.startswith("1 check failed in build (run ")
    assert first.text == "mart received: 3 reports are missing"
    assert of_failed_checks(instance, checked()) is None
    assert "4 reports" in of_failed_checks(instance, checked(missing="4 reports are missing")).text


def test_a_check_is_told_although_the_next_run_has_begun_by_then(instance, checked):
    first, second = checked(), checked()
    assert of_failed_checks(instance, first).text == "mart received: 3 reports are missing"
    assert of_failed_checks(instance, second) is None


def test_a_check_of_a_run_that_failed_is_told_and_not_again_by_the_next(instance, checked):
    failed = checked(fails="published")
    assert failed.status is DagsterRunStatus.FAILURE
    assert of_failed_checks(instance, failed).text == "mart received: 3 reports are missing"
    assert of_failed_checks(instance, checked()) is None


def test_the_checks_of_a_step_that_failed_are_told_with_the_step_alone(instance, checked):
    failed = checked(fails="mart")
    assert failed.status is DagsterRunStatus.FAILURE
    assert of_failed_checks(instance, failed) is None


def test_the_sensor_of_failed_runs_sends_their_checks_too(settings, instance, checked):
    """An alert of the run, and one of the check, by the sensor itself."""
    with webhook([]) as (address, bodies):
        failed = checked(fails="published")
        warehouse = Warehouse(replace(settings, alerts=address))
        sensor, _ = alert_sensors(read_roster(settings), warehouse)
        sensor(failure_context(instance, failed))
    assert [(body["kind"], "nothing was published" in body["text"]) for body in bodies] == [
        ("run_failed", True), ("check_failed", False),
    ]  # fmt: skip


def test_after_a_run_of_a_schedule_its_senders_that_miss_something_are_named(definitions, instance, senders, warehouse):
    roster = read_roster(warehouse.settings)
    land(definitions, instance, (FIRST, "P001"), ("2020-04-06", "P002"))
    assert of_missing(instance.get_runs()[0], roster, warehouse) is None
    scheduled = {"dagster/schedule_name": "…_when_due"}
    of_platforms = of_missing(DagsterRun("land_platforms", tags=scheduled), roster, warehouse)
    assert of_platforms.kind == "reports_missing"
    # Courses of P001 and P002 have come; their other four feeds and both of P003 have not, of two periods.
    assert of_platforms.title == "20 due reports are still missing, of 3 platforms"
    assert "All: P001, P002, P003." in of_platforms.text
    # They are asked by a run of their own, which may still be going on when that of the platforms has ended.
    of_bureaus = of_missing(DagsterRun("land_bureaus", tags=scheduled), roster, warehouse)
    assert of_bureaus.title == "4 due reports are still missing, of 2 bureaus"
    assert "All: 110000, 420000." in of_bureaus.text


def test_nothing_is_told_once_everything_has_come(instance, senders, warehouse, monkeypatch):
    roster = read_roster(warehouse.settings)
    monkeypatch.setattr("orchestration.sensors.alerts.missing_reports", lambda due, ledger: [])
    run = DagsterRun(job_name="land_platforms", tags={"dagster/schedule_name": "x"})
    assert of_missing(run, roster, warehouse) is None
