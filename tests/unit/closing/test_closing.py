"""A period's way from open to restated, on a warehouse of two marts: each step, and each refusal."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from orchestration import calendar
from orchestration.assets.periods import judge
from orchestration.campaign import load_campaign
from orchestration.closing import steps
from orchestration.closing.errors import ClosingError
from orchestration.closing.record import FIRST_SHA256, read_record
from orchestration.closing.standing import read_standings
from orchestration.publishing.specification import Mart, Specification, Unit, load_specification
from orchestration.settings import Settings

P1, P2 = "2020-03-23", "2020-04-06"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings.from_environment({"WAREHOUSE_DIR": str(tmp_path), "WAREHOUSE_NOW": "2020-05-06T12:00:00+08:00"})
    with duckdb.connect(str(made.database_path)) as connection:
        connection.execute(
            f"""
            create schema marts;
            create table marts.reporting_timeliness as
            select * from (values (date '{P1}', 'P001', 'courses', 'on_time'), (date '{P1}', 'P002', 'courses', 'late'),
                (date '{P2}', 'P001', 'courses', 'on_time')) as t (period_start, sender_id, feed, status);
            create table marts.progress as
            select * from (values (date '{P1}', '000000', 12, 0.5), (date '{P1}', '420000', 12, 0.5),
                (date '{P2}', '000000', 30, 0.7)) as t (period_start, province_code, registrations_count, share)
            """
        )
    return made


@pytest.fixture
def specification() -> Specification:
    counted = Unit(counts=("registrations_count",), others=("share",))
    mart = Mart(keys=("period_start", "province_code"), time="period_start", units={"registered": counted})
    return load_specification().model_copy(update={"marts": {"progress": mart}})


@pytest.fixture
def periods(settings: Settings):
    return {period.key: period for period in calendar.periods(load_campaign(settings.campaign_path))}


def change(settings: Settings, statement: str) -> None:
    with duckdb.connect(str(settings.database_path)) as connection:
        connection.execute(statement)


RESTATE = f"update marts.progress set registrations_count = 13 where period_start = '{P1}'"


def states(settings: Settings) -> list[tuple[str, str]]:
    return [(event.period_start, event.state) for event in read_record(settings.warehouse_dir).events]


def test_a_period_goes_from_open_to_published_with_who_when_and_hashes(settings, specification, periods):
    assert read_record(settings.warehouse_dir).state(P1) == "open"
    steps.close(settings, periods[P1], "li", specification=specification)
    steps.approve(settings, periods[P1], "wang", specification)
    (published,) = steps.record_publication(settings, "v1", specification)
    closed, approved, last = read_record(settings.warehouse_dir).events
    assert [(one.state, one.by) for one in (closed, approved, last)] == [
        ("closed", "li"), ("approved", "wang"), ("published", "publish"),
    ]  # fmt: skip
    assert (last, last.version, last.marts) == (published, "v1", [])
    assert closed.at == "2020-05-06T12:00:00+08:00"
    assert set(last.figures) == {"progress"} and last.figures == closed.figures
    assert closed.previous_sha256 == FIRST_SHA256 != approved.previous_sha256


def test_a_later_publication_with_other_figures_restates_it_once(settings, specification, periods):
    steps.close(settings, periods[P1], "li", specification=specification)
    steps.approve(settings, periods[P1], "li", specification)
    steps.record_publication(settings, "v1", specification)
    assert steps.record_publication(settings, "v2", specification) == []
    change(settings, RESTATE)
    (restated,) = steps.record_publication(settings, "v3", specification)
    assert (restated.state, restated.version, restated.marts) == ("restated", "v3", ["progress"])
    assert steps.record_publication(settings, "v4", specification) == []
    assert steps.changes(settings, specification) == {P1: ["progress"]}


def test_another_period_and_a_share_restate_nothing(settings, specification, periods):
    steps.close(settings, periods[P1], "li", specification=specification)
    change(settings, f"update marts.progress set registrations_count = 99 where period_start = '{P2}'")
    change(settings, "update marts.progress set share = 0.9")
    assert steps.changes(settings, specification) == {}


def test_an_open_or_only_closed_period_is_not_recorded_as_published(settings, specification, periods):
    steps.close(settings, periods[P1], "li", specification=specification)
    assert steps.record_publication(settings, "v1", specification) == []
    assert states(settings) == [(P1, "closed")]


def test_closing_waits_for_the_due_time(settings, periods):
    early = replace(settings, fixed_now=datetime.fromisoformat("2020-04-05T12:00:00+08:00"))
    with pytest.raises(ClosingError, match="2020-03-23 can't be closed yet: its reports are due on 2020-04-"):
        steps.close(early, periods[P1], "li")


def test_closing_refuses_marts_built_before_the_reports_were_due(settings, periods):
    change(settings, "update marts.reporting_timeliness set status = 'not_due'")
    with pytest.raises(ClosingError, match="built before its reports were due; run `warehouse build`"):
        steps.close(settings, periods[P1], "li")


def test_closing_refuses_missing_reports_unless_told_why(settings, specification, periods):
    change(settings, "update marts.reporting_timeliness set status = 'missing' where sender_id = 'P002'")
    with pytest.raises(ClosingError, match=r"1 due reports are missing \(P002 courses\)"):
        steps.close(settings, periods[P1], "li", specification=specification)
    event = steps.close(settings, periods[P1], "li", "left the action in April", specification)
    assert (event.missing, event.reason) == (["P002 courses"], "left the action in April")


def test_a_step_out_of_order_is_refused(settings, specification, periods):
    with pytest.raises(ClosingError, match="2020-03-23 is open; only a closed period can be approved"):
        steps.approve(settings, periods[P1], "li", specification)
    steps.close(settings, periods[P1], "li", specification=specification)
    with pytest.raises(ClosingError, match="2020-03-23 is closed; only an open period can be closed"):
        steps.close(settings, periods[P1], "li", specification=specification)
    assert states(settings) == [(P1, "closed")]


def test_nothing_can_be_closed_before_anything_was_built(settings, periods):
    settings.database_path.unlink()
    with pytest.raises(ClosingError, match="run `warehouse build`"):
        steps.close(settings, periods[P1], "li")


def test_a_record_changed_by_hand_is_noticed(settings, specification, periods):
    steps.close(settings, periods[P1], "li", specification=specification)
    steps.approve(settings, periods[P1], "li", specification)
    path = read_record(settings.warehouse_dir).path
    path.write_text(path.read_text().replace('"by":"li"', '"by":"xu"', 1))
    with pytest.raises(ClosingError, match="line 2 does not follow from the line before it"):
        read_record(settings.warehouse_dir)
    path.write_text("nonsense\n")
    with pytest.raises(ClosingError, match="line 1 is no event"):
        steps.approve(settings, periods[P1], "li", specification)


def test_a_line_cut_off_by_a_kill_is_written_over(settings, specification, periods):
    steps.close(settings, periods[P1], "li", specification=specification)
    path = read_record(settings.warehouse_dir).path
    with path.open("ab") as stream:
        stream.write(b'{"sequence": 2, "per')
    steps.approve(settings, periods[P1], "li", specification)
    assert [json.loads(line)["state"] for line in path.read_text().splitlines()] == ["closed", "approved"]
    assert path.parent.stat().st_mode & 0o077 == 0


def test_the_standing_shows_each_period(settings, periods):
    change(settings, "update marts.reporting_timeliness set status = 'missing' where sender_id = 'P002'")
    steps.close(settings, periods[P1], "li", "left")
    first, second = read_standings(settings, [periods[P1], periods[P2]])
    assert (first.state, first.by, first.missing_count, first.changed_marts) == ("closed", "li", 1, ())
    assert (second.state, second.since, second.changed_marts) == ("open", None, ())


def test_the_check_names_period_and_marts():
    result = judge({P1: ["progress"]})
    assert not result.passed
    assert result.description == "Closed periods whose figures have changed: 2020-03-23: progress."
    assert judge({}).passed and judge(None).description == "No period is closed yet."
