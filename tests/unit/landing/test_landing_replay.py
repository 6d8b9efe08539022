"""Replay: the same payload under a mended contract lands; unchanged it doesn't, and a payload that is gone is told."""

from __future__ import annotations

import duckdb
import pytest
from landing_fakes import period, platform, registry
from payload_fakes import course, payload

from orchestration.landing import replay as replay_module
from orchestration.landing.ledger import read_ledger
from orchestration.landing.pull import PullTask, pull_feed
from orchestration.landing.replay import batches_to_replay, replay
from orchestration.landing.verify import verify
from orchestration.sources.checking import contract_sql
from orchestration.sources.errors import TransientSourceError

SENDER = platform()
TASK = PullTask(SENDER, "courses", period(1))
ROWS = [course(), course(course_id="C2", is_free="yes"), course(course_id="C3", grade="9")]


@pytest.fixture
def landed(settings, senders, monkeypatch):
    monkeypatch.setattr(replay_module, "fetch", senders.fetch)
    senders.deliver(TASK, payload("courses", ROWS, period_start=period(1).start))
    (entry,) = pull_feed(settings, TASK).entries
    assert entry.quarantined_rows_count == 2
    return entry


def mend(monkeypatch):
    """From now on `yes` is a boolean too."""
    monkeypatch.setattr(contract_sql, "_TRUE", ("true", "1", "是", "yes"))


def test_without_a_change_nothing_is_landed(settings, landed):
    (outcome,) = replay(settings, registry(SENDER))
    assert (outcome.batch, outcome.entry, outcome.trouble) == (landed, None, None)
    assert len(read_ledger(settings.landing_dir).entries("P001")) == 1


def test_after_a_mended_contract_the_whole_payload_lands_anew(settings, landed, monkeypatch):
    mend(monkeypatch)
    (outcome,) = replay(settings, registry(SENDER))
    assert outcome.freed_rows_count == 1
    assert outcome.entry.sequence == 2
    assert outcome.entry.payload_sha256 == landed.payload_sha256
    assert (outcome.entry.rows_count, outcome.entry.quarantined_rows_count) == (2, 1)
    with duckdb.connect(":memory:") as connection:
        path = str(settings.landing_dir / outcome.entry.landed_file)
        rows = connection.execute("SELECT course_id FROM read_parquet(?) ORDER BY 1", [path]).fetchall()
    assert rows == [("C1",), ("C2",)]
    assert verify(settings.landing_dir) == []
    # Once more: nothing left to change, and a pull still knows the payload.
    assert [again.entry for again in replay(settings, registry(SENDER))] == [None]
    assert pull_feed(settings, TASK).entries == []


def test_a_payload_that_is_gone_is_told(settings, landed, senders, monkeypatch):
    mend(monkeypatch)
    senders.deliver(TASK, payload("courses", [course(title="新")], period_start=period(1).start))
    (outcome,) = replay(settings, registry(SENDER))
    assert outcome.entry is None
    assert outcome.trouble.message == (
        "the payload is gone (the sender answers that window otherwise now); what it sends now is taken by "
        "`warehouse pull --period 2020-03-23`"
    )
    assert str(outcome.trouble).startswith("P001 courses 2020-03-23 given.csv: ")


def test_a_sender_that_does_not_answer_is_its_own_trouble(settings, landed, senders):
    error = TransientSourceError("P001", "courses", "v1/courses", "can't be reached")
    senders.deliver(TASK, error)
    (outcome,) = replay(settings, registry(SENDER))
    assert (outcome.trouble.message, outcome.trouble.is_transient) == ("can't be reached", True)


def test_a_sender_that_left_the_registry_is_told(settings, landed):
    (outcome,) = replay(settings, registry())
    assert "the registry no longer names this sender" in outcome.trouble.message


def test_senders_and_feeds_can_be_asked_for(settings, landed):
    ledger = read_ledger(settings.landing_dir)
    assert batches_to_replay(ledger) == [landed]
    assert batches_to_replay(ledger, senders=["P002"]) == []
    assert batches_to_replay(ledger, feeds=["registrations"]) == []
    assert batches_to_replay(ledger, senders=["P001"], feeds=["courses"]) == [landed]
