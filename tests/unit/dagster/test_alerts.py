"""Alerts go where the settings say, tell no secret and no person, and never fail what they tell of."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest
from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    DagsterRun,
    Definitions,
    asset,
    asset_check,
    build_run_status_sensor_context,
    define_asset_job,
)
from local_servers import mail_server, webhook
from sample_secret import SECRET
from test_landing_cells import FIRST, land

from orchestration.alerts import Alert, send
from orchestration.partitions import read_roster
from orchestration.sensors.alerts import of_failed_checks, of_failed_run, of_missing
from orchestration.settings import Settings, SettingsError

ALERT = Alert("run_failed", "land_platforms failed", "P002 courses: 401 Unauthorized")


def sent(settings, alert=ALERT, **changed):
    return send(replace(settings, **changed), alert, first_wait_seconds=0.01)


def test_by_default_an_alert_is_a_line_in_the_log(settings, caplog):
    assert settings.alerts == "log"
    assert sent(settings)
    assert "land_platforms failed\nP002 courses: 401 Unauthorized" in caplog.text


def test_a_webhook_gets_it_as_json(settings):
    with webhook([]) as (address, bodies):
        assert sent(settings, alerts=address)
    assert bodies == [{"kind": "run_failed", "title": ALERT.title, "text": f"{ALERT.title}\n{ALERT.text}"}]


def test_a_fault_that_passes_is_tried_again(settings):
    with webhook([503, 429]) as (address, bodies):
        assert sent(settings, alerts=address)
    assert len(bodies) == 3


@pytest.mark.parametrize(
    ("statuses", "tries", "told"), [([404], 1, "answered 404"), ([500, 500, 500], 3, "answered 500")]
)
def test_a_webhook_that_refuses_is_logged_without_its_address(settings, caplog, statuses, tries, told):
    with webhook(statuses) as (address, bodies):
        assert not sent(settings, alerts=address)
    assert len(bodies) == tries
    assert f"could not be sent by webhook (the server {told}): land_platforms failed" in caplog.text
    assert "t0ken" not in "".join(record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING)


def test_a_webhook_that_is_not_there_is_logged_too(settings, caplog):
    with webhook([]) as (address, _):
        pass
    assert not sent(settings, alerts=address)
    assert "could not be sent by webhook (ConnectError)" in caplog.text


def test_mail_goes_to_everyone_named(settings):
    with mail_server() as (server, heard):
        assert sent(settings, alerts="mailto:a@example.cn,b@example.cn?from=w@example.cn", smtp=server)
    text = "\n".join(heard)
    for line in ("mail FROM:<w@example.cn>", "rcpt TO:<a@example.cn>", "rcpt TO:<b@example.cn>"):
        assert line in text
    assert "Subject: land_platforms failed" in text
    assert "P002 courses: 401 Unauthorized" in text


def test_mail_that_no_one_takes_is_logged(settings, caplog):
    with mail_server(refuses="a@example.cn") as (server, _):
        assert not sent(settings, alerts="mailto:a@example.cn", smtp=server)
    assert "could not be sent by mail (SMTPRecipientsRefused)" in caplog.text


def test_a_long_text_is_cut(settings):
    with webhook([]) as (address, bodies):
        sent(settings, Alert("run_failed", "t", "x" * 10_000), alerts=address)
    assert len(bodies[0]["text"]) < 4200


@pytest.mark.parametrize("value", ["logg", "https://", "mailto:nobody", "ftp://x/y"])
def test_a_wrong_setting_is_refused_and_not_repeated(value):
    with pytest.raises(SettingsError, match="WAREHOUSE_ALERTS: neither log nor") as refused:
        Settings.from_environment({"WAREHOUSE_ALERTS": value})
    assert value not in str(refused.value).replace("https:// address", "")


def test_the_address_is_in_no_text_of_the_settings_and_not_in_dbts_environment(settings):
    told = Settings.from_environment({"WAREHOUSE_ALERTS": "https://example.cn/t0ken", "WAREHOUSE_SMTP_PASSWORD": "pw"})
    assert "t0ken" not in repr(told)
    assert "t0ken" not in str(told.subprocess_environment())
    assert "pw" not in told.subprocess_environment().values()


@pytest.mark.parametrize("value", [":25", "host:smtp"])
def test_a_mail_server_that_is_no_host_and_port_is_refused(value):
    with pytest.raises(SettingsError, match="WAREHOUSE_SMTP"):
        Settings.from_environment({"WAREHOUSE_SMTP": value})


def test_a_failed_run_is_told_in_its_own_words_without_secrets(definitions, instance, senders):
    senders.broken["P002", "courses"] = "401 Unauthorized; the token in P002_TOKEN was refused"
    result = land(definitions, instance, (FIRST, "P001"), (FIRST, "P002"))
    event = next(event for event in result.all_events if event.is_failure and event.is_job_event)
    context = build_run_status_sensor_context(
        "alert_when_a_run_fails", event, instance, instance.get_run_by_id(result.run_id)
    ).for_run_failure()
    alert = of_failed_run(context)
    assert alert.title == f"land_platforms failed (run {result.run_id[:8]})"
    assert f"P002 courses {FIRST} v1/courses: 401 Unauthorized; the token in P002_TOKEN was refused" in alert.text
    assert SECRET not in alert.text


def test_the_words_of_an_error_that_is_not_ours_are_not_passed_on(definitions, instance, senders, monkeypatch):
    def broken(*_, **__):
        raise ValueError("张三 110101199003078515")

    monkeypatch.setattr(senders, "_answer", broken)
    result = land(definitions, instance, (FIRST, "P001"), (FIRST, "P001"))
    event = next(event for event in result.all_events if event.is_failure and event.is_job_event)
    context = build_run_status_sensor_context(
        "alert_when_a_run_fails", event, instance, instance.get_run_by_id(result.run_id)
    ).for_run_failure()
    assert of_failed_run(context).text == "landing__courses: ValueError; the run holds the rest"


def test_only_checks_of_severity_error_are_told_and_once_while_they_say_the_same(instance):
    said = {"missing": "3 reports are missing"}

    @asset
    def mart(): ...

    @asset_check(asset=mart)
    def received():
        return AssetCheckResult(passed=False, severity=AssetCheckSeverity.ERROR, description=said["missing"])

    @asset_check(asset=mart)
    def unimportant():
        return AssetCheckResult(passed=False, severity=AssetCheckSeverity.WARN, description="one row")

    build = define_asset_job("build", selection="*")
    job = Definitions([mart], asset_checks=[received, unimportant], jobs=[build]).resolve_job_def("build")

    def alert():
        run = job.execute_in_process(instance=instance)
        return of_failed_checks(instance, instance.get_run_by_id(run.run_id))

    first = alert()
    assert first.title.startswith("1 check failed in build (run ")
    assert first.text == "mart received: 3 reports are missing"
    assert alert() is None
    said["missing"] = "4 reports are missing"
    assert "4 reports" in alert().text


def test_after_a_run_of_a_schedule_whoever_is_missing_is_named(definitions, instance, senders, warehouse):
    roster = read_roster(warehouse.settings)
    land(definitions, instance, (FIRST, "P001"), ("2020-04-06", "P002"))
    run = instance.get_runs()[0]
    assert of_missing(run, roster, warehouse) is None
    scheduled = run.with_tags({**run.tags, "dagster/schedule_name": "land_platforms_when_due"})
    alert = of_missing(scheduled, roster, warehouse)
    assert alert.kind == "reports_missing"
    # Courses of P001 and P002 have come; their other four feeds, P003 and the bureaus have not, of two periods.
    assert alert.title == "24 due reports are still missing, of 5 senders"
    assert "All: 110000, 420000, P001, P002, P003." in alert.text


def test_nothing_is_told_once_everything_has_come(instance, senders, warehouse, monkeypatch):
    roster = read_roster(warehouse.settings)
    monkeypatch.setattr("orchestration.sensors.alerts.missing_reports", lambda due, ledger: [])
    run = DagsterRun(job_name="land_platforms", tags={"dagster/schedule_name": "x"})
    assert of_missing(run, roster, warehouse) is None
