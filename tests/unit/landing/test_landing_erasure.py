"""Erasure: the person's rows and those of their registrations go, the ledger follows, and a kill in between heals."""

from __future__ import annotations

import duckdb
import pytest
from landing_fakes import bureau, killed_while_rewriting, period, platform
from payload_fakes import MAN, WOMAN, certificate, learning_record, payload, payment, registration
from test_contract_identity import expected_key

from orchestration.landing.erasure import erase_person
from orchestration.landing.ledger import read_ledger
from orchestration.landing.pull import PullTask, pull_feed
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
