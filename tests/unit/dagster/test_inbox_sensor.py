"""A new or changed file starts the landing of exactly its cell; an inbox that can't be reached is told and stops
nothing."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from dagster import build_sensor_context

from orchestration.calendar import periods
from orchestration.campaign import load_campaign
from orchestration.definitions import build_definitions
from orchestration.landing import inboxes as looking
from orchestration.landing.inboxes import InboxCell, look
from orchestration.partitions import RANGE_END_TAG, RANGE_START_TAG
from orchestration.sensors.inboxes import cut, read_cursor, write_cursor
from orchestration.sources import files
from orchestration.sources.feeds import SenderKind
from orchestration.sources.registry.load import load_registry

BUREAUS, PLATFORMS = "land_bureaus_when_files_come", "land_platforms_when_files_come"
PERIOD = "2020-04-06"


@pytest.fixture
def inboxes(settings):
    """The folders of the three senders that deliver files."""
    folder = settings.sources_path.parent / "inbox"
    for sender in ("420000", "110000", "P003"):
        (folder / sender).mkdir(parents=True)
    return folder


@pytest.fixture
def put(inboxes):
    """Write a file into an inbox."""

    def write(path, text="a"):
        file = inboxes / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    return write


@pytest.fixture
def tick(definitions, instance, inboxes):
    """Evaluate a sensor with the cursor of its tick before."""
    cursors: dict[str, str | None] = {}

    def evaluate(name=BUREAUS, definitions=definitions):
        context = build_sensor_context(instance=instance, cursor=cursors.get(name), definitions=definitions)
        ticked = definitions.get_sensor_def(name).evaluate_tick(context)
        cursors[name] = ticked.cursor
        return ticked

    return evaluate


def asked(ticked):
    """What each run asks for: feeds, first cell, last cell."""
    return [
        ([key.path[-1] for key in run.asset_selection], run.tags[RANGE_START_TAG], run.tags[RANGE_END_TAG])
        for run in ticked.run_requests
    ]


def test_the_first_look_only_remembers(tick, put):
    put(f"420000/dispatch_reports/period={PERIOD}/a.xlsx")
    first = tick()
    assert not first.run_requests
    assert first.skip_message == "First look: 1 files lie in the inboxes; from now on new ones are landed."
    assert tick().skip_message == "No new file among 1 in the inboxes."


def test_a_new_file_starts_its_cell_alone_and_once(tick, put):
    tick()
    put(f"420000/dispatch_reports/period={PERIOD}/a.xlsx")
    ticked = tick()
    assert asked(ticked) == [(["dispatch_reports"], f"{PERIOD}|420000", f"{PERIOD}|420000")]
    assert ticked.run_requests[0].tags["started_by"] == "1 new or changed file of 420000"
    assert not tick().run_requests


def test_a_changed_file_starts_its_cell_again_with_another_run_key(tick, put):
    tick()
    put(f"420000/dispatch_reports/period={PERIOD}/a.xlsx", "one")
    first = tick().run_requests[0]
    put(f"420000/dispatch_reports/period={PERIOD}/a.xlsx", "more")
    second = tick().run_requests[0]
    assert first.tags[RANGE_START_TAG] == second.tags[RANGE_START_TAG]
    assert first.run_key != second.run_key


def test_a_file_taken_away_starts_nothing(tick, put):
    file = put(f"420000/dispatch_reports/period={PERIOD}/a.xlsx")
    tick()
    file.unlink()
    assert not tick().run_requests


@pytest.mark.parametrize("name", ["a.xlsx.part", "a.tmp", ".a.xlsx", "~$a.xlsx"])
def test_a_file_that_is_still_written_is_left_alone_until_it_has_its_name(tick, put, name):
    tick()
    file = put(f"420000/dispatch_reports/period={PERIOD}/{name}")
    assert not tick().run_requests
    file.rename(file.with_name("b.xlsx"))
    assert len(tick().run_requests) == 1


def test_a_platforms_file_starts_every_period_of_its_inbox_as_one_run(tick, put):
    tick(PLATFORMS)
    put("P003/registrations/any/a.ndjson")
    assert asked(tick(PLATFORMS)) == [(["registrations"], "2020-03-23|P003", "2020-05-04|P003")]


def test_a_file_in_the_wrong_place_starts_the_cell_whose_pull_says_so(tick, put):
    tick()
    put("420000/dispatch_reports/a.xlsx")
    put("420000/dispatch_reports/period=2020-04-08/b.xlsx")
    assert asked(tick()) == [(["dispatch_reports"], "2020-03-23|420000", f"{PERIOD}|420000")]


def test_a_file_of_a_period_that_has_not_begun_is_new_on_its_first_day(warehouse, instance, tick, put):
    live = replace(warehouse, settings=replace(warehouse.settings, fixed_now=None))
    tick()
    put("420000/dispatch_reports/period=2020-05-18/a.xlsx")
    assert not tick().run_requests
    assert asked(tick(definitions=build_definitions(warehouse=live))) == [
        (["dispatch_reports"], "2020-05-18|420000", "2020-05-18|420000")
    ]


def test_an_inbox_that_cant_be_reached_is_told_and_its_files_are_not_new_when_it_is_back(tick, put, inboxes):
    put(f"420000/dispatch_reports/period={PERIOD}/a.xlsx")
    tick()
    (inboxes / "420000").rename(inboxes / "away")
    put(f"110000/dispatch_reports/period={PERIOD}/b.xlsx")
    # Another bureau's new file goes on all the same.
    assert asked(tick()) == [(["dispatch_reports"], f"{PERIOD}|110000", f"{PERIOD}|110000")]
    skipped = tick().skip_message
    assert "Not looked at, as they can't be reached: 420000 dispatch_reports/: the inbox of the registry" in skipped
    (inboxes / "away").rename(inboxes / "420000")
    assert tick().skip_message == "No new file among 2 in the inboxes."


def test_an_inbox_that_does_not_answer_keeps_no_one_waiting(settings, warehouse, inboxes, put, monkeypatch):
    put(f"110000/dispatch_reports/period={PERIOD}/b.xlsx")

    def slow(source, sender_id, resolve_secret):
        if sender_id == "420000":
            time.sleep(1)
        return files.list_files(source, sender_id, resolve_secret)

    monkeypatch.setattr(looking, "list_files", slow)
    registry = load_registry(settings.sources_path, settings.secret, lenient=True)
    found = look(
        registry, SenderKind.BUREAU, periods(load_campaign(settings.campaign_path)), settings.secret, wait_seconds=0.3
    )
    assert found.unreachable == {"420000": "420000: the inbox did not answer within 0.3 s"}
    assert set(found.cells) == {InboxCell("110000", "dispatch_reports", PERIOD)}


def test_a_registry_that_cant_be_read_is_told(tick, settings):
    tick()
    settings.sources_path.write_text("bureaus: [", encoding="utf-8")
    assert "The registry of senders can't be read." in tick().skip_message


def test_scattered_cells_are_asked_for_exactly():
    """Whatever came, the rectangles together are the cells that have news, each once."""
    begun, senders = ["1", "2", "3", "4"], ["A", "B", "C", "D"]
    cells = [InboxCell(s, "f", p) for s, p in [("A", "1"), ("B", "1"), ("D", "1"), ("A", "2"), ("B", "2"), ("C", "4")]]
    cells += [InboxCell("D", "g", "1"), InboxCell("D", "g", None)]
    made = cut(cells, begun, senders)
    covered = [(s, f, p) for one in made for f in one.feeds for s in one.senders for p in one.periods]
    assert len(covered) == len(set(covered))
    expected = {(c.sender_id, c.feed, c.period_key) for c in cells if c.period_key}
    assert set(covered) == expected | {("D", "g", p) for p in begun}
    assert (("f",), ("1", "2"), ("A", "B")) in {(one.feeds, one.periods, one.senders) for one in made}


def test_the_cursor_survives_a_restart():
    marks = {InboxCell("A", "f", None): frozenset({"0123abcd", "ffffffff"}), InboxCell("B", "f", "1"): frozenset()}
    assert read_cursor(write_cursor(marks)) == marks
    assert read_cursor(None) is None
