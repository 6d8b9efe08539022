"""A damaged warehouse.duckdb or published copy: every command that reads it names it and says what to do."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.settings import PROJECT_ROOT

NOBODY = "00000000-0000-0000-0000-000000000000"
OF_WAREHOUSE = {
    "trace": ("trace", "--person-key", NOBODY),
    "dispatch": ("dispatch", "--period", "2020-03-23", "--out", "table.xlsx"),
    "what-if": ("what-if", "--rules", str(PROJECT_ROOT / "seeds" / "subsidy_rules.csv")),
    "close": ("period", "close", "--period", "2020-03-23", "--by", "office"),
    "verify": ("verify",),
    "load": ("load",),
}
OF_PUBLISHED = {
    "status": ("status",),
    "report": ("report", "--period", "2020-03-23"),
    "verify": ("verify",),
}


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WAREHOUSE_DIR", str(tmp_path))
    monkeypatch.setenv("WAREHOUSE_NOW", "2020-07-10T09:00:00+08:00")
    (tmp_path / "published").mkdir()
    return tmp_path


def no_database(path: Path) -> None:
    path.write_bytes(b"no database")


def one_block_overwritten(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table a as select range as a from range(100000)")
    with path.open("r+b") as file:
        for start in range(3 * 4096 + 64, path.stat().st_size, 4096):
            file.seek(start)
            file.write(b"\xff" * 64)


@pytest.mark.parametrize("damage", [no_database, one_block_overwritten])
@pytest.mark.parametrize("arguments", OF_WAREHOUSE.values(), ids=OF_WAREHOUSE)
def test_a_damaged_warehouse_is_named(directory: Path, arguments: tuple[str, ...], damage) -> None:
    damage(directory / "warehouse.duckdb")
    refused(arguments, str(directory / "warehouse.duckdb"), "move it away and run `warehouse build`")


@pytest.mark.parametrize("damage", [no_database, one_block_overwritten])
@pytest.mark.parametrize("arguments", OF_PUBLISHED.values(), ids=OF_PUBLISHED)
def test_a_damaged_published_copy_is_named(directory: Path, arguments: tuple[str, ...], damage) -> None:
    damage(directory / "published" / "marts.duckdb")
    refused(arguments, str(directory / "published" / "marts.duckdb"), "run `warehouse publish`")


def refused(arguments: tuple[str, ...], *words: str) -> None:
    done = CliRunner().invoke(app, [*arguments, "--json"])
    assert done.exit_code == 1, done.output
    assert isinstance(done.exception, SystemExit), done.exception
    answer = json.loads(done.stdout)
    assert answer["exit_code"] == 1
    assert all(word in answer["errors"][0] for word in words), answer
