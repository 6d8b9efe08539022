"""Processes that work on one warehouse at the same moment take turns: none meets DuckDB's own lock."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import duckdb
import pytest

from orchestration.loading.load import load
from orchestration.settings import PROJECT_ROOT

CHILD = Path(__file__).with_name("loading_child.py")
USERS = ("dagster", "command", "check")
ROUNDS = 20


@pytest.fixture
def side_by_side(landing):
    """Starts one of each; returns what each answers when all are told to work at once."""
    with ExitStack() as stack:
        children = {}
        for who in USERS:
            child = subprocess.Popen(
                [sys.executable, str(CHILD), str(landing.settings.warehouse_dir), who],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
            )  # fmt: skip
            children[who] = stack.enter_context(child)
            stack.callback(child.stdin.close)
        for child in children.values():
            assert child.stdout.readline() == "ready\n"

        def at_once() -> dict[str, str]:
            for child in children.values():
                child.stdin.write("go\n")
                child.stdin.flush()
            return {who: child.stdout.readline().strip() for who, child in children.items()}

        yield at_once


def test_twenty_launches_at_once_none_of_which_fails(landing, side_by_side):
    for number in range(ROUNDS):
        landing.batch("P1", "registrations", {"registration_id": f"R{number}", "registration_sk": number})
        assert side_by_side() == dict.fromkeys(USERS, "ok")
    assert landing.rows("select count(*), count(distinct registration_id) from raw.registrations") == [(ROUNDS, ROUNDS)]


def test_a_process_that_takes_no_turn_does_meet_it(landing, side_by_side):
    """What the lock is there for: with a connection beside it, each of them fails."""
    load(landing.settings)
    with duckdb.connect(str(landing.settings.database_path)):
        answers = side_by_side()
    assert all("lock" in answer.lower() for answer in answers.values()), answers
    assert side_by_side() == dict.fromkeys(USERS, "ok")
