"""Erasure: the person's rows and those of their registrations go, the ledger follows, and a kill in between heals."""

from __future__ import annotations

import duckdb
import pytest
from landing_fakes import bureau, killed_while_rewriting, period, platform, registry
from payload_fakes import MAN, WOMAN, certificate, learning_record, payload, payment, registration
from test_contract_identity import expected_key

from orchestration.landing import replay as replay_module
from orchestration.landing.erasure import erase_person
from orchestration.landing.ledger import read_ledger
from orchestration.landing.pull import PullTask, pull_feed
from orchestration.landing.replay import replay
from orchestration.landing.verify import verify

PLATFORM = platform("P001", "registrations", "learning_records", "certificates")
START = period(1).start
PERSON = expected_key("resident_id", WOMAN)


@pytest.fixture
def landed(settings, senders):
    rows = {
        "registrations": [registration(), registration(registration_id="R2", id_number=MAN)],
        "learning_records": [learning_record(), learning_record(record_id="L2", registration_id="R2")],
        "certificates": [certificate(registration_id="R2")],
    }
    tasks = {feed: PullTask(PLATFORM, feed, period(1)) for feed in rows}
    given = {feed: payload(feed, rows[feed], period_start=START) for feed in rows}
    tasks["subsidy_payments"] = PullTask(bureau("420000", "subsidy_payments"), "subsidy_payments", period(1))
    payments = [payment(), payment(payment_id="Y2", id_number=MAN), payment(payment_id="Y3", amount="x")]
    given["subsidy_payments"] = payload("subsidy_payments", payments, period_start=START)
    entries = {}
    for feed, task in tasks.items():
        senders.deliver(task, given[feed])
        (entries[feed],) = pull_feed(settings, task).entries
    return entries


def column(settings, entry, name: str) -> list:
    with duckdb.connect(":memory:") as connection:
        path = str(settings.landing_dir / entry.landed_file)
        return [
            row[0] for row in connection.execute(f"SELECT {name} FROM read_parquet(?) ORDER BY 1", [path]).fetchall()
        ]


def test_the_person_goes_from_every_feed_and_nobody_else_does(settings, landed):
    outcome = erase_person(settings, PERSON)
    assert outcome.rows_count == 3
    assert sorted(entry.feed for entry in outcome.entries) == ["learning_records", "registrations", "subsidy_payments"]
    assert column(settings, landed["registrations"], "registration_id") == ["R2"]
    assert column(settings, landed["learning_records"], "record_id") == ["L2"]
    assert column(settings, landed["certificates"], "certificate_no") == ["Z1"]
    assert column(settings, landed["subsidy_payments"], "payment_id") == ["Y2"]
    assert verify(settings.landing_dir) == []


def test_the_entry_names_batch_and_hashes_and_nobody(settings, landed):
    entry = next(entry for entry in erase_person(settings, PERSON).entries if entry.feed == "registrations")
    batch = landed["registrations"]
    assert (entry.kind, entry.batch_id, entry.erased_file_sha256) == (
        "erasure",
        batch.batch_id,
        batch.landed_file_sha256,
    )
    assert entry.landed_file_sha256 != batch.landed_file_sha256
    line = read_ledger(settings.landing_dir).path("P001").read_text(encoding="utf-8")
    assert str(PERSON) not in line
    assert WOMAN not in line


def test_again_nothing_is_left_to_erase(settings, landed):
    erase_person(settings, PERSON)
    again = erase_person(settings, PERSON)
    assert (again.entries, again.rows_count) == ((), 0)


def test_the_erased_payload_does_not_come_back_by_the_same_bytes(settings, landed, senders):
    erase_person(settings, PERSON)
    assert pull_feed(settings, PullTask(PLATFORM, "registrations", period(1))).entries == []


@pytest.mark.parametrize("steps_before_the_kill", range(15))
def test_a_kill_in_between_is_finished_by_the_next(settings, landed, monkeypatch, steps_before_the_kill):
    killed_while_rewriting(monkeypatch, steps_before_the_kill, lambda: erase_person(settings, PERSON))
    erase_person(settings, PERSON)
    assert column(settings, landed["registrations"], "registration_id") == ["R2"]
    assert column(settings, landed["learning_records"], "record_id") == ["L2"]
    assert verify(settings.landing_dir) == []
    assert not list(settings.landing_dir.rglob("*.erased"))


class TestLandedAgain:
    """The same payload in a new batch: the person stays out, and everybody else comes."""

    TASK = PullTask(PLATFORM, "registrations", period(1))

    @pytest.fixture
    def refused(self, settings, senders, monkeypatch):
        """Three registrations landed, of which one is the person's, and one refused that a mended contract takes."""
        monkeypatch.setattr(replay_module, "fetch", senders.fetch)
        rows = [
            registration(registration_id="R0", id_number=MAN),
            registration(),
            registration(registration_id="R2", id_number=MAN),
            registration(registration_id="R3", id_number=MAN, registered_at="x"),
        ]
        senders.deliver(self.TASK, payload("registrations", rows, period_start=START))
        (entry,) = pull_feed(settings, self.TASK).entries
        return entry

    def replayed(self, settings, monkeypatch):
        """After the contract was changed: so many other rows are refused that it lands anew."""
        monkeypatch.setattr(replay_module, "refusals", lambda *_: None)
        (outcome,) = replay(settings, registry(PLATFORM))
        assert outcome.trouble is None, outcome.trouble
        return outcome.entry

    def test_a_replay_leaves_the_person_out(self, settings, refused, monkeypatch):
        erase_person(settings, PERSON)
        for _ in range(2):
            entry = self.replayed(settings, monkeypatch)
            assert column(settings, entry, "registration_id") == ["R0", "R2"]
            assert (entry.rows_count, entry.quarantined_rows_count) == (2, 1)
        assert verify(settings.landing_dir) == []

    def test_a_pull_under_another_key_leaves_the_person_out(self, settings, refused, make_settings):
        erase_person(settings, PERSON)
        (entry,) = pull_feed(make_settings(key=b"k" * 32), self.TASK).entries
        assert column(settings, entry, "registration_id") == ["R0", "R2"]
        assert entry.key_id != refused.key_id

    def test_without_an_erasure_everybody_comes(self, settings, refused, monkeypatch):
        assert column(settings, self.replayed(settings, monkeypatch), "registration_id") == ["R0", "R1", "R2"]

    def test_where_it_cannot_be_told_who_was_erased_nothing_lands(self, settings, refused, monkeypatch):
        erase_person(settings, PERSON)
        (settings.landing_dir / refused.landed_file).unlink()
        monkeypatch.setattr(replay_module, "refusals", lambda *_: None)
        (outcome,) = replay(settings, registry(PLATFORM))
        assert outcome.entry is None
        assert str(outcome.trouble).startswith("P001 registrations 2020-03-23 given.csv: somebody was erased from this")
        assert refused.batch_id in outcome.trouble.message
