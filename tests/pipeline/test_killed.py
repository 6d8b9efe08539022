"""Killed without warning in the middle of each step, then built: the marts are those of an undisturbed warehouse."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from deployment import Deployment
from support.tables import tables_of

from orchestration.transforming.dbt import WITHOUT_TESTS

pytestmark = pytest.mark.pipeline

PATIENCE_SECONDS = 300
# How often a sender was asked again is told here alone.
DELIVERED_TWICE = {"fct_delivery"}


def kill_when(deployment: Deployment, command: str, is_time: Callable[[], bool], *, with_children: bool = True) -> bool:
    """Start a command and kill it as soon as `is_time`; False if it had ended before that."""
    process = deployment.start(command, start_new_session=True)
    until = time.monotonic() + PATIENCE_SECONDS
    try:
        while time.monotonic() < until:
            if process.poll() is not None:
                return False
            if is_time():
                if with_children:
                    os.killpg(process.pid, signal.SIGKILL)
                else:
                    process.kill()
                return True
            time.sleep(0.002)
        raise AssertionError(f"warehouse {command} never came to that point")
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def entries(deployment: Deployment) -> int:
    folder = deployment.directory / "landing" / "_ledger"
    return sum(path.read_bytes().count(b"\n") for path in folder.glob("*.jsonl"))


def dbt_has_built(deployment: Deployment, model: str) -> bool:
    log = deployment.directory / "dbt" / "logs" / "dbt.log"
    return log.is_file() and model in log.read_text(encoding="utf-8", errors="replace")


def test_killed_anywhere_and_built_again_ends_the_same(
    few_built: Deployment, few_sources: Path, tmp_path: Path
) -> None:
    deployment = Deployment(tmp_path / "warehouse", few_sources, more=WITHOUT_TESTS)
    published = deployment.directory / "published"
    # In the middle of pulling, three times, each further on.
    killed = [
        kill_when(deployment, "pull", lambda wanted=wanted: entries(deployment) >= wanted) for wanted in (1, 20, 60)
    ]
    # In the middle of loading: raw is begun.
    killed += [kill_when(deployment, "load", deployment.database.exists)]
    killed += [kill_when(deployment, "load", lambda: deployment.database.with_suffix(".duckdb.wal").exists())]
    # In the middle of dbt: with it, and alone, so that an orphaned dbt goes on and the next one has to wait for it.
    loaded = deployment.run("load")
    assert loaded.exit_code == 0, loaded.text
    killed += [kill_when(deployment, "transform", lambda: dbt_has_built(deployment, "fct_registration"))]
    (deployment.directory / "dbt" / "logs" / "dbt.log").unlink()
    killed += [
        kill_when(deployment, "transform", lambda: dbt_has_built(deployment, "fct_registration"), with_children=False)
    ]
    assert killed[:2] == [True, True] and killed[-2:] == [True, True] and sum(killed) >= 5

    built = deployment.run("build", "--json")
    assert built.exit_code == 0, built.text
    # In the middle of publishing: the unfinished version is there.
    version = deployment.published.readlink()
    if kill_when(deployment, "publish", lambda: any(published.glob(".*unfinished*"))):
        assert deployment.published.readlink() == version, "readers were led to half a publication"
        again = deployment.run("publish")
        assert again.exit_code == 0, again.text
    assert not any(published.glob(".*unfinished*"))

    assert deployment.run("verify").exit_code == 0
    for schema in ("core", "marts"):
        expected, found = (tables_of(each.database, schema) for each in (few_built, deployment))
        assert set(found) == set(expected)
        for name, rows in expected.items():
            if name not in DELIVERED_TWICE:
                assert found[name] == rows, f"{schema}.{name}"
    expected, found = (tables_of(each.published, "marts") for each in (few_built, deployment))
    assert {name for name, rows in expected.items() if found[name] != rows} <= {"publication", "publication_ledger"}
    batches = [
        {
            sender: [line["payload_sha256"] for line in lines if line["kind"] == "batch"]
            for sender, lines in each.items()
        }
        for each in (few_built.ledger_lines(), deployment.ledger_lines())
    ]
    assert {sender: sorted(hashes) for sender, hashes in batches[0].items()} == {
        sender: sorted(hashes) for sender, hashes in batches[1].items()
    }
