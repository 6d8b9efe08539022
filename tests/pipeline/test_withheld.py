"""When the models' tests fail: named with their rows, exit code 1, and readers keep what they had.

Doing it again changes nothing, and nobody waits for anybody.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from deployment import Deployment
from support.tables import tables_of

from orchestration.settings import PROJECT_ROOT
from orchestration.transforming.dbt import WITHOUT_TESTS

pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def spoilt(few_built: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """A copy of a built warehouse whose seeds name two provinces twice."""
    folder = tmp_path_factory.mktemp("spoilt")
    shutil.copytree(few_built.directory, folder / "warehouse", symlinks=True)
    shutil.copytree(PROJECT_ROOT / "seeds", folder / "seeds")
    path = folder / "seeds" / "provinces.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([*lines, *lines[1:3]]), encoding="utf-8")
    return Deployment(folder / "warehouse", few_built.sources, more={"WAREHOUSE_SEEDS": str(folder / "seeds")})


def test_a_failing_test_is_named_with_its_rows_and_the_last_copy_stays(spoilt: Deployment) -> None:
    version = spoilt.published.readlink()
    published = tables_of(spoilt.published, "marts")
    ended = spoilt.run("build")
    assert ended.exit_code == 1
    named = [line for line in ended.stdout.splitlines() if "primary_key" in line and "provinces" in line]
    assert named and named[0].strip().endswith(": 2 rows")
    assert "withheld" in ended.stdout
    assert spoilt.published.readlink() == version
    assert tables_of(spoilt.published, "marts") == published


def test_publishing_alone_is_refused_and_says_why(spoilt: Deployment) -> None:
    ended = spoilt.run("publish", "--json")
    assert (ended.exit_code, ended.answer["exit_code"]) == (1, 1)
    assert "primary_key" in ended.stderr and "warehouse transform" in ended.stderr


def test_mended_it_publishes_again(spoilt: Deployment, few_built: Deployment) -> None:
    """Nothing is landed or loaded a second time."""
    mended = Deployment(spoilt.directory, few_built.sources)
    version = mended.published.readlink()
    ended = mended.run("build", "--json")
    assert ended.exit_code == 0, ended.text
    assert ended.answer["pull"]["batches_count"] == 0
    assert ended.answer["load"]["batches_count"] == 0
    assert mended.published.readlink() != version
    # Two folders of seeds were noted since
    assert different(few_built.database, mended.database, "raw") == {"ledger"}
    for schema in ("core", "marts"):
        assert different(few_built.database, mended.database, schema) == set()


def test_everything_can_be_built_anew_from_landing_while_readers_go_on(few_built: Deployment, tmp_path: Path) -> None:
    """warehouse.duckdb is a cache: gone, the next build makes it again, and the same. A reader keeps the published file
    open from before to after, and asks all the time."""
    for name in ("landing", "published"):
        shutil.copytree(few_built.directory / name, tmp_path / "warehouse" / name, symlinks=True)
    again = Deployment(tmp_path / "warehouse", few_built.sources, more=WITHOUT_TESTS)
    version = again.published.readlink()
    with asking(again.published) as answers:
        ended = again.run("build", "--full-refresh", "--json")
    assert ended.exit_code == 0, ended.text
    assert len(answers) > 50 and len(set(answers)) == 1, "the reader was kept waiting, or saw half a publication"
    assert ended.answer["pull"]["batches_count"] == 0
    assert _batches(again) == _batches(few_built)
    for schema in ("raw", "core", "marts"):
        assert different(few_built.database, again.database, schema) == set()
    assert again.published.readlink() != version
    assert different(few_built.published, again.published, "marts") == {"publication"}


def different(one: Path, other: Path, schema: str) -> set[str]:
    """Tables of which the two databases hold other rows."""
    expected, found = tables_of(one, schema), tables_of(other, schema)
    return {name for name in expected.keys() | found.keys() if found.get(name) != expected.get(name)}


@contextmanager
def asking(published: Path) -> Iterator[list[int]]:
    """What a reader of the published file was answered, time and again, until the block ended."""
    answers: list[int] = []
    stop = threading.Event()
    reader = duckdb.connect(str(published), read_only=True)

    def ask() -> None:
        while not stop.wait(0.02):
            answers.append(reader.cursor().execute("select count(*) from marts.registration_daily").fetchall()[0][0])

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield answers
    finally:
        stop.set()
        thread.join()
        reader.close()


def _batches(deployment: Deployment) -> dict[str, list[dict[str, Any]]]:
    return {
        sender: [line for line in lines if line["kind"] != "pull"]
        for sender, lines in deployment.ledger_lines().items()
    }
