"""Alerts go where the settings say, tell no secret and no person, and never fail what they tell of."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest
from local_servers import mail_server, webhook

from orchestration.alerts import Alert, send
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
