"""What a whole build says of itself, and what the commands that only look say of it."""

from __future__ import annotations

import pytest
from deployment import Built

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


def test_status_reads_what_was_published(built: Built) -> None:
    ended = built.deployment.run("status")
    assert ended.exit_code == 0, ended.text
    assert "published" in ended.stdout
    answer = built.deployment.run("status", "--json").answer
    for target in answer["standing"]["targets"]:
        assert f"{target['target_code']} {target['actual_value']:,}/{target['target_value']:,}" in ended.stdout
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
