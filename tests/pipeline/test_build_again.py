"""Doing it again changes nothing, and nobody waits for anybody."""

from __future__ import annotations

import threading

import duckdb
import pytest
from deployment import Built, tables_of

pytestmark = pytest.mark.pipeline


def test_the_first_build_says_what_it_did(built: Built) -> None:
    answer = built.first.answer
    assert answer["exit_code"] == 0
    assert answer["pull"]["troubles"] == []
    assert answer["pull"]["rows_count"] > 20_000
    assert answer["pull"]["quarantined_rows_count"] > 100
    assert answer["load"]["batches_count"] == answer["pull"]["batches_count"]
    assert answer["transform"]["tests_failed"] == []
    assert answer["publication"]["path"].endswith(".duckdb")
    assert {target["target_code"] for target in answer["standing"]["targets"]} == {
        "platforms", "occupations", "registrations",
    }  # fmt: skip
    assert answer["standing"]["late"] and answer["standing"]["refused"]


def test_progress_is_plain_lines_and_stays_off_standard_output(built: Built) -> None:
    assert "pull done" in built.first.stderr and "publish done" in built.first.stderr
    assert "\x1b" not in built.first.stderr
    assert built.first.stdout.startswith("{")


def test_a_second_build_lands_nothing_and_publishes_the_same(built: Built) -> None:
    """With a reader that keeps the published file open from before to after, and asks all the time."""
    before = {schema: tables_of(built.deployment.database, schema) for schema in ("raw", "core", "marts")}
    published = tables_of(built.deployment.published, "marts")
    batches = {
        sender: [line for line in lines if line["kind"] != "pull"]
        for sender, lines in built.deployment.ledger_lines().items()
    }
    reader = duckdb.connect(str(built.deployment.published), read_only=True)
    asked, stop = [], threading.Event()

    def ask() -> None:
        while not stop.wait(0.02):
            asked.append(reader.cursor().execute("select count(*) from marts.registration_daily").fetchall()[0][0])

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        second = built.deployment.run("build", "--json")
    finally:
        stop.set()
        asking.join()
        reader.close()

    assert second.exit_code == 0, second.text
    assert second.answer["pull"]["batches_count"] == 0
    assert second.answer["load"]["batches_count"] == 0
    assert {
        sender: [line for line in lines if line["kind"] != "pull"]
        for sender, lines in built.deployment.ledger_lines().items()
    } == batches
    after = {schema: tables_of(built.deployment.database, schema) for schema in ("raw", "core", "marts")}
    for schema, tables in before.items():
        for name, rows in tables.items():
            assert after[schema][name] == rows, f"{schema}.{name}"
    assert second.answer["publication"]["version"] != built.first.answer["publication"]["version"]
    again = tables_of(built.deployment.published, "marts")
    of_its_own = {"publication"}
    assert {name: rows for name, rows in again.items() if name not in of_its_own} == {
        name: rows for name, rows in published.items() if name not in of_its_own
    }
    assert len(asked) > 50 and len(set(asked)) == 1, "the reader was kept waiting, or saw half a publication"


def test_status_reads_what_was_published(built: Built) -> None:
    ended = built.deployment.run("status")
    assert ended.exit_code == 0, ended.text
    assert "registrations 1,7" in ended.stdout or "registrations 1," in ended.stdout
    assert "published" in ended.stdout
    answer = built.deployment.run("status", "--json").answer
    assert answer["publication"]["version"]
    assert answer["standing"] == built.first.answer["standing"]


def test_verify_finds_everything_as_it_was(built: Built) -> None:
    ended = built.deployment.run("verify", "--json")
    assert (ended.exit_code, ended.answer["findings"]) == (0, [])
    assert ended.answer["anchored_count"] == ended.answer["senders_count"] >= 87


def test_quarantine_lists_each_refusal_with_its_reason(built: Built) -> None:
    answer = built.deployment.run("quarantine", "list", "--limit", "0", "--json").answer
    assert answer["total_count"] == len(answer["refusals"])
    assert answer["rows_count"] == built.first.answer["pull"]["quarantined_rows_count"]
    one = built.deployment.run(
        "quarantine", "list", "--reason", "identity_invalid", "--sender", "P014", "--json"
    ).answer
    assert one["refusals"] and {row["sender_id"] for row in one["refusals"]} == {"P014"}
    assert {row["reason"] for row in one["refusals"]} == {"identity_invalid"}
    text = built.deployment.run("quarantine", "list", "--limit", "3").stdout
    assert len(text.splitlines()) == 4
