"""The schedules tick daily and ask on due days only; on the others they say why not and when next."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from dagster import RunRequest, SkipReason, build_schedule_context

from orchestration.definitions import build_definitions
from orchestration.partitions import read_roster
from orchestration.schedules import RANGE_END_TAG, RANGE_START_TAG, daily_cron, request
from orchestration.settings import SHANGHAI
from orchestration.sources.feeds import SenderKind


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
    assert asked.run_key == f"platform-{period}"
    assert asked.tags["period"] == period
    assert asked.tags[RANGE_START_TAG] == "2020-03-23|P001"
    last_begun = {"2020-04-09": "2020-04-06", "2020-05-08": "2020-05-04"}[day]
    assert asked.tags[RANGE_END_TAG] == f"{last_begun}|P003"


def test_bureaus_have_a_range_of_their_own(live):
    asked = request(SenderKind.BUREAU, read_roster(live.settings), live, at("2020-04-09T18:05"))
    assert asked.tags[RANGE_START_TAG].endswith("|110000")
    assert asked.tags[RANGE_END_TAG].endswith("|420000")


@pytest.mark.parametrize("day", ["2020-04-06", "2020-04-08", "2020-04-10", "2020-04-19"])
def test_another_day_is_skipped_with_the_reason_and_the_next_due_time(live, day):
    skipped = request(SenderKind.PLATFORM, read_roster(live.settings), live, at(f"{day}T18:05"))
    assert isinstance(skipped, SkipReason)
    assert f"No period is due on this day. The clock says {day} 18:05." in skipped.skip_message
    expected = "period 1 (2020-03-23 to 2020-04-05), due 2020-04-09 18:00"
    if day > "2020-04-09":
        expected = "period 2 (2020-04-06 to 2020-04-19), due 2020-04-22 18:00"
    assert expected in skipped.skip_message


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
    assert not ticked.run_requests
    assert "The clock says 2020-05-06 12:00 (WAREHOUSE_NOW)" in ticked.skip_message


def test_without_senders_the_tick_says_why(live):
    live.settings.sources_path.unlink()
    skipped = request(SenderKind.PLATFORM, read_roster(live.settings), live, at("2020-04-09T18:05"))
    assert "no registry of senders" in skipped.skip_message


def test_the_cron_line_follows_the_due_rule(live):
    assert daily_cron(read_roster(live.settings).campaign.due_rule) == "5 18 * * *"
