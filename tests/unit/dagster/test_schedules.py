"""The schedules tick daily, ask all on due days and who is missing on working days after; else they say why not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from dagster import RunRequest, SkipReason, build_schedule_context

from orchestration.calendar import is_working_day
from orchestration.definitions import build_definitions
from orchestration.landing.ledger import read_ledger
from orchestration.landing.missing import due_reports
from orchestration.partitions import RANGE_END_TAG, RANGE_START_TAG, read_roster
from orchestration.schedules import daily_cron, request
from orchestration.settings import SHANGHAI
from orchestration.sources.feeds import SenderKind
from orchestration.sources.registry.load import load_registry


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.fixture
def live(warehouse):
    """The same deployment with the real clock: the whole calendar is known."""
    return replace(warehouse, settings=replace(warehouse.settings, fixed_now=None))


# Period 1 ends on Sunday 5 April; Monday 6 April is the Qingming holiday, so the third working day is Thursday the 9th.
# Period 3 ends on 3 May, in the Labour Day holidays until 5 May; the 9th (Saturday) is a make-up day after the due day.
@pytest.mark.parametrize(("day", "period"), [("2020-04-09", "2020-03-23"), ("2020-05-08", "2020-04-20")])
def test_a_due_day_asks_every_sender_for_the_periods_to_be_pulled(live, day, period):
    asked = request(SenderKind.PLATFORM, read_roster(live.settings), live, at(f"{day}T18:05"))
    assert isinstance(asked, RunRequest)
    assert asked.run_key == f"platform-{day}"
    assert asked.tags["period"] == period
    assert asked.tags[RANGE_START_TAG] == "2020-03-23|P001"
    last_begun = {"2020-04-09": "2020-04-06", "2020-05-08": "2020-05-04"}[day]
    assert asked.tags[RANGE_END_TAG] == f"{last_begun}|P003"


def test_bureaus_have_a_range_of_their_own(live):
    asked = request(SenderKind.BUREAU, read_roster(live.settings), live, at("2020-04-09T18:05"))
    assert asked.tags[RANGE_START_TAG].endswith("|110000")
    assert asked.tags[RANGE_END_TAG].endswith("|420000")


@pytest.mark.parametrize("day", ["2020-03-23", "2020-04-06", "2020-04-08"])
def test_before_the_first_due_day_nothing_is_due_and_the_next_is_named(live, day):
    skipped = request(SenderKind.PLATFORM, read_roster(live.settings), live, at(f"{day}T18:05"))
    assert isinstance(skipped, SkipReason)
    assert f"No report is due yet. The clock says {day} 18:05." in skipped.skip_message
    assert "Next: period 1 (2020-03-23 to 2020-04-05), due 2020-04-09 18:00." in skipped.skip_message


def pulled(live, senders, *, until, without=()):
    """Land what every platform and bureau owes for the periods that end by `until`, except `without`."""
    registry = load_registry(live.settings.sources_path, live.settings.secret, lenient=True)
    for report in due_reports(registry, read_roster(live.settings).periods, at(f"{until}T18:05")):
        if (report.sender_id, report.feed) not in without:
            senders.land(live.settings, report.sender_id, report.feed, report.period.key)


# Friday, a Sunday that makes up for the Labour Day holidays, and the day of period 2's reports less two.
@pytest.mark.parametrize("day", ["2020-04-10", "2020-04-26", "2020-04-20"])
def test_a_working_day_asks_only_who_is_missing(live, senders, day):
    pulled(live, senders, until=day, without={("P002", "courses"), ("P002", "reminders")})
    asked = request(SenderKind.PLATFORM, read_roster(live.settings), live, at(f"{day}T18:05"))
    assert isinstance(asked, RunRequest)
    assert asked.run_key == f"platform-{day}"
    last = "2020-04-06" if day == "2020-04-26" else "2020-03-23"
    assert asked.tags[RANGE_START_TAG] == "2020-03-23|P002"
    assert asked.tags[RANGE_END_TAG] == f"{last}|P002"
    assert [key.path[-1] for key in asked.asset_selection] == ["courses", "reminders"]
    assert asked.run_config["ops"] == {
        name: {"config": {"only_missing": True}} for name in ("landing__courses", "landing__reminders")
    }
    assert asked.tags["missing_senders"] == "P002"
    assert asked.tags["missing_reports"] == ("4" if day == "2020-04-26" else "2")


def test_each_working_day_is_a_run_of_its_own_until_everything_has_come(live, senders):
    roster = read_roster(live.settings)
    keys = set()
    for day in range(10, 22):
        now = at(f"2020-04-{day}T18:05")
        asked = request(SenderKind.BUREAU, roster, live, now)
        assert isinstance(asked, RunRequest) == is_working_day(now.date()), day
        keys |= {asked.run_key} if isinstance(asked, RunRequest) else set()
    assert len(keys) == 8
    pulled(live, senders, until="2020-04-21")
    assert isinstance(request(SenderKind.BUREAU, roster, live, at("2020-04-21T18:05")), SkipReason)


def test_when_everything_has_come_the_tick_says_so_and_what_is_next(live, senders):
    pulled(live, senders, until="2020-04-10")
    skipped = request(SenderKind.BUREAU, read_roster(live.settings), live, at("2020-04-10T18:05"))
    assert isinstance(skipped, SkipReason)
    assert skipped.skip_message == (
        "Everything has come: all 2 reports of bureaus that are due so far. The clock says 2020-04-10 18:05. "
        "Next: period 2 (2020-04-06 to 2020-04-19), due 2020-04-22 18:00."
    )


def test_a_day_off_is_skipped_with_who_is_missing_and_when_they_are_asked(live, senders):
    pulled(live, senders, until="2020-05-02", without={("420000", "dispatch_reports")})
    # Saturday of the Labour Day holidays, which end on Tuesday.
    skipped = request(SenderKind.BUREAU, read_roster(live.settings), live, at("2020-05-02T18:05"))
    assert isinstance(skipped, SkipReason)
    assert skipped.skip_message.startswith("2020-05-02 is no Chinese working day. The clock says 2020-05-02 18:05.")
    assert "2 due reports are missing: 1 of period 2 (420000) and 1 of earlier periods." in skipped.skip_message
    assert "Asked for again on 2020-05-06." in skipped.skip_message


def test_a_run_for_the_missing_leaves_the_rest_of_its_range_alone(live, definitions, instance, senders):
    """The range from P001 to P003 holds P002, whose reports have come: it is not asked, and stays green."""
    pulled(live, senders, until="2020-04-10", without={("P001", "courses"), ("P003", "courses")})
    asked = request(SenderKind.PLATFORM, read_roster(live.settings), live, at("2020-04-10T18:05"))
    assert asked.tags["missing_senders"] == "P001, P003"
    run = definitions.resolve_job_def("land_platforms").execute_in_process(
        instance=instance,
        asset_selection=asked.asset_selection,
        tags=asked.tags,
        run_config=asked.run_config,
    )
    assert run.success
    assert {sender for sender, _, _ in senders.asked} == {"P001", "P003"}
    told = {
        event.partition: event.step_materialization_data.materialization.metadata["delivery"].value
        for event in run.get_asset_materialization_events()
    }
    assert told["2020-03-23|P002"] == "not asked again; it had come before"
    assert told["2020-03-23|P001"] == "1 new batch"


def test_a_damaged_ledger_counts_as_missing_so_that_its_pull_says_what_is_wrong(live, senders):
    pulled(live, senders, until="2020-04-10")
    path = read_ledger(live.settings.landing_dir).path("420000")
    path.write_bytes(b"{}\n" + path.read_bytes())
    asked = request(SenderKind.BUREAU, read_roster(live.settings), live, at("2020-04-10T18:05"))
    assert asked.tags["missing_senders"] == "420000"


def test_a_sender_newer_than_the_definitions_is_named(live, senders):
    roster = read_roster(live.settings)
    pulled(live, senders, until="2020-04-10")
    path = live.settings.sources_path
    more = '  - {id: "130000", name: 河北, connector: files, inbox: inbox/130000, feeds: [dispatch_reports]}\n'
    path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    skipped = request(SenderKind.BUREAU, roster, live, at("2020-04-10T18:05"))
    assert "The registry has named 130000 since the definitions were loaded: press Reload" in skipped.skip_message


def test_a_registry_that_cant_be_read_skips_and_says_why(live):
    roster = read_roster(live.settings)
    live.settings.sources_path.write_text("platforms: [", encoding="utf-8")
    skipped = request(SenderKind.BUREAU, roster, live, at("2020-04-10T18:05"))
    assert "The registry of senders can't be read, so nobody is asked." in skipped.skip_message


def test_every_due_day_of_the_calendar_ticks_exactly_once(live):
    roster = read_roster(live.settings)
    due_days = {period.due_at.date() for period in roster.periods}
    assert len(due_days) == len(roster.periods)
    keys = {request(SenderKind.BUREAU, roster, live, at(f"{day}T18:05")).run_key for day in due_days}
    assert len(keys) == len(due_days)


def test_a_fixed_clock_drives_the_tick_instead_of_the_wall_clock(warehouse):
    definitions = build_definitions(warehouse=warehouse)
    context = build_schedule_context(scheduled_execution_time=at("2020-04-09T18:05"))
    ticked = definitions.get_schedule_def("land_platforms_when_due").evaluate_tick(context)
    # 2020-05-06: no due day, and nothing has come of two periods.
    assert [run.run_key for run in ticked.run_requests] == ["platform-2020-05-06"]
    assert ticked.run_requests[0].tags[RANGE_END_TAG] == "2020-04-06|P003"


def test_without_senders_the_tick_says_why(live):
    live.settings.sources_path.unlink()
    skipped = request(SenderKind.PLATFORM, read_roster(live.settings), live, at("2020-04-09T18:05"))
    assert "no registry of senders" in skipped.skip_message


def test_the_cron_line_follows_the_due_rule(live):
    assert daily_cron(read_roster(live.settings).campaign.due_rule) == "5 18 * * *"
