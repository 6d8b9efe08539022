"""`warehouse erase`: from an id number on standard input to landed files without the person; the number is nowhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from orchestration.cli import app

WOMAN, MAN = "420106199001010028", "110101198503071235"
HEADER = (
    "registration_id,course_id,learner_name,id_type,id_number,region_code,real_name_status,registered_at,status,"
    "updated_at"
)
ROW = "{},C1,王小明,resident_id,{},420106,verified,2020-03-25 08:30:00,active,2020-03-25 08:30:00"
REGISTRY = (
    "platforms: [{id: P900, name: 甲, connector: files, inbox: %s, feeds: [registrations], selected_from: 2020-03-23}]"
)


class Warehouse:
    """A warehouse of its own, whose one platform has a registration of each of two persons."""

    def __init__(self, directory: Path) -> None:
        inbox = directory / "inbox" / "registrations"
        inbox.mkdir(parents=True)
        (inbox / "a.csv").write_text("\n".join([HEADER, ROW.format("R1", WOMAN), ROW.format("R2", MAN), ""]), "utf-8")
        (directory / "sources.yml").write_text(REGISTRY % inbox.parent, "utf-8")
        self.environment = {
            "WAREHOUSE_DIR": str(directory / "warehouse"),
            "WAREHOUSE_SOURCES": str(directory / "sources.yml"),
            "WAREHOUSE_PSEUDONYM_KEY": "aa" * 32,
            "WAREHOUSE_NOW": "2020-07-10T09:00:00+08:00",
        }
        self.run("pull")

    def run(self, *arguments: str, number: str | bytes | None = None, code: int = 0) -> str:
        ended = CliRunner().invoke(app, arguments, input=number, env=self.environment)
        assert ended.exit_code == code, ended.output
        assert WOMAN not in ended.output
        return ended.stdout

    def answer(self, *arguments: str, **how: Any) -> dict[str, Any]:
        return json.loads(self.run(*arguments, "--json", **how))


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path)


def test_the_person_is_taken_out_once_and_verify_agrees(warehouse):
    assert warehouse.answer("erase", number=f" {WOMAN}\n") == {
        "exit_code": 0,
        "rows_count": 1,
        "files_count": 1,
        "batch_ids": ["P900-registrations-000001"],
    }
    assert warehouse.answer("verify")["findings"] == []
    again = warehouse.answer("erase", number=WOMAN)
    assert (again["rows_count"], again["files_count"]) == (0, 0)
    assert warehouse.answer("load")["rows_by_feed"] == {"registrations": 1}


@pytest.mark.parametrize("number", ["", "420106199001010029", b"\xb9\xab\xff\n"])
def test_what_is_no_id_number_is_wrong_use(warehouse, number):
    assert warehouse.answer("erase", number=number, code=2)["errors"][0].startswith("standard input: ")


def test_for_a_person_it_says_what_is_next(warehouse):
    warehouse.run("load")
    told = warehouse.run("erase", number=WOMAN).splitlines()
    assert told == ["erased     1 rows; 1 files rewritten", "next       warehouse build"]
    told = warehouse.run("erase", number=WOMAN)
    assert told == "erased     nothing: no landed file names this person under this pseudonym key\n"
    assert "loaded     no new batch; 1 line of the ledgers" in warehouse.run("load")
    assert "loaded     nothing new" in warehouse.run("load")
