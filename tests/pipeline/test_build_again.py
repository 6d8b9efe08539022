"""Doing it again changes nothing, and nobody waits for anybody."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import Any

import duckdb
import pytest
from deployment import Deployment, tables_of

from orchestration.transforming.dbt import WITHOUT_TESTS

pytestmark = pytest.mark.pipeline


def test_a_second_build_lands_nothing_and_publishes_the_same(few_built: Deployment, tmp_path: Path) -> None:
    """With a reader that keeps the published file open from before to after, and asks all the time."""
    shutil.copytree(few_built.directory, tmp_path / "warehouse", symlinks=True)
    deployment = Deployment(tmp_path / "warehouse", few_built.sources, more=WITHOUT_TESTS)
    before = {schema: tables_of(deployment.database, schema) for schema in ("raw", "core", "marts")}
    published, version = tables_of(deployment.published, "marts"), deployment.published.readlink()
    batches = _batches(deployment)
    reader = duckdb.connect(str(deployment.published), read_only=True)
    asked, stop = [], threading.Event()

    def ask() -> None:
        while not stop.wait(0.02):
            asked.append(reader.cursor().execute("select count(*) from marts.registration_daily").fetchall()[0][0])

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        second = deployment.run("build", "--json")
    finally:
        stop.set()
        asking.join()
        reader.close()

    assert second.exit_code == 0, second.text
    assert second.answer["pull"]["batches_count"] == 0
    assert second.answer["load"]["batches_count"] == 0
    assert _batches(deployment) == batches
    for schema, tables in before.items():
        after = tables_of(deployment.database, schema)
        for name, rows in tables.items():
            assert after[name] == rows, f"{schema}.{name}"
    assert deployment.published.readlink() != version
    again = tables_of(deployment.published, "marts")
    of_its_own = {"publication"}
    assert {name: rows for name, rows in again.items() if name not in of_its_own} == {
        name: rows for name, rows in published.items() if name not in of_its_own
    }
    assert len(asked) > 50 and len(set(asked)) == 1, "the reader was kept waiting, or saw half a publication"


def _batches(deployment: Deployment) -> dict[str, list[dict[str, Any]]]:
    return {
        sender: [line for line in lines if line["kind"] != "pull"]
        for sender, lines in deployment.ledger_lines().items()
    }
