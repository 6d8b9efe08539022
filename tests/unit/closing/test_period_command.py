"""`warehouse period`: what it says and with which exit code."""

from __future__ import annotations

import json

import duckdb
from typer.testing import CliRunner

from orchestration.cli import app


def run(monkeypatch, tmp_path, *arguments: str, now: str = "2020-05-06T12:00:00+08:00"):
    monkeypatch.setenv("WAREHOUSE_DIR", str(tmp_path))
    monkeypatch.setenv("WAREHOUSE_NOW", now)
    return CliRunner().invoke(app, ["period", *arguments])


def test_every_begun_period_is_listed_as_open_at_first(monkeypatch, tmp_path):
    result = run(monkeypatch, tmp_path, "list", "--json")
    assert result.exit_code == 0
    listed = json.loads(result.stdout)["periods"]
    assert [(one["period_no"], one["state"]) for one in listed] == [(number, "open") for number in range(1, 5)]


def test_before_the_action_there_is_no_period(monkeypatch, tmp_path):
    early = "2020-03-22T23:59:59+08:00"
    listed = run(monkeypatch, tmp_path, "list", now=early)
    assert (listed.exit_code, listed.stdout) == (0, "periods    none has begun yet\n")
    wrong = run(monkeypatch, tmp_path, "close", "--period", "2020-03-23", now=early)
    assert (wrong.exit_code, wrong.stderr.endswith("there are none\n")) == (2, True)
    first = run(monkeypatch, tmp_path, "list", now="2020-03-23T00:00:00+08:00")
    assert first.stdout == "2020-03-23 open\n"


def test_a_refusal_is_exit_code_1_and_a_wrong_period_2(monkeypatch, tmp_path):
    refused = run(monkeypatch, tmp_path, "close", "--period", "2020-03-23")
    assert (refused.exit_code, "run `warehouse build`" in refused.stderr) == (1, True)
    wrong = run(monkeypatch, tmp_path, "approve", "--period", "2020-03-24")
    assert (wrong.exit_code, "no period begun by now has that first day" in wrong.stderr) == (2, True)


def test_closing_and_approving_answer_what_was_recorded(monkeypatch, tmp_path):
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute(
            "create schema marts; create table marts.reporting_timeliness as select date '2020-03-23' as period_start, "
            "'P001' as sender_id, 'courses' as feed, 'missing' as status"
        )
    close = ("close", "--period", "2020-03-23", "--by", "li", "--despite-missing", "left", "--json")
    closed = json.loads(run(monkeypatch, tmp_path, *close).stdout)
    assert (closed["state"], closed["by"], closed["missing"], closed["reason"]) == (
        "closed", "li", ["P001 courses"], "left",
    )  # fmt: skip
    approved = run(monkeypatch, tmp_path, "approve", "--period", "2020-03-23", "--by", "wang")
    assert (approved.exit_code, "period 2020-03-23 by wang" in approved.stdout) == (0, True)
    assert "warehouse publish" in approved.stdout
