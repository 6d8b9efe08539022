"""Golden rows: for each feed a file of rows as given, and by hand what lands and what is refused of them."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path

import pytest
from payload_fakes import payload, terms

from orchestration.landing.columns import landed_columns
from orchestration.landing.quarantine import write_quarantine
from orchestration.sources.checking.contract import check, open_workspace
from orchestration.sources.feeds import FEEDS

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "contract"
GIVEN = sorted((GOLDEN / "given").glob("*.ndjson"))


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def as_text(name: str, kind: str) -> str:
    text = f"array_to_string(\"{name}\", ';')" if kind == "VARCHAR[]" else f'"{name}"::VARCHAR'
    return f"coalesce({text}, '')"


@pytest.mark.parametrize("given", GIVEN, ids=lambda path: path.stem)
def test_rows_become_what_was_written_down(given, tmp_path):
    feed = FEEDS[given.stem]
    rows = [json.loads(line) for line in given.read_text(encoding="utf-8").splitlines()]
    columns = {name: kind for name, kind in landed_columns(feed).items() if name != "_extra"}
    with open_workspace("1GiB") as connection:
        checked = check(connection, payload(feed.name, rows, period_start=date(2020, 3, 23)), terms())
        texts = ", ".join(as_text(name, kind) for name, kind in columns.items())
        landed = connection.execute(f"SELECT {texts} FROM checked WHERE _faults = 0 ORDER BY _position").fetchall()
        write_quarantine(connection, checked, "batch", tmp_path / "refused.parquet")
        refused = connection.execute(
            "SELECT position::VARCHAR, period_start::VARCHAR, field, reason FROM read_parquet(?)",
            [str(tmp_path / "refused.parquet")],
        ).fetchall()
    expected = read(GOLDEN / "expected" / f"{feed.name}.landed.csv")
    assert [dict(zip(columns, row, strict=True)) for row in landed] == expected
    refusals = read(GOLDEN / "expected" / f"{feed.name}.quarantine.csv")
    assert sorted(refused) == sorted(tuple(row.values()) for row in refusals)


def test_every_given_file_has_its_expectations():
    assert {path.name for path in (GOLDEN / "expected").iterdir()} == {
        f"{path.stem}.{kind}.csv" for path in GIVEN for kind in ("landed", "quarantine")
    }
