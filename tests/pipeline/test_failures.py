"""Five things go wrong at once: each is one clear message that names sender, feed, file and field; the rest goes on."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from deployment import Built, Deployment, Ended
from small_registry import write_registry
from support.ports import free_port

pytestmark = pytest.mark.pipeline

GOOD = ("P001", "110000")
UNREACHABLE, REFUSED, MISSPELT, NO_COLUMN, WRONG_ENCODING = "P002", "P003", "P004", "420000", "430000"


@pytest.fixture(scope="module")
def troubled(serving: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Deployment, Ended]:
    folder = tmp_path_factory.mktemp("troubled")
    sources = write_registry(
        serving,
        folder / "registry",
        [*GOOD, UNREACHABLE, REFUSED, MISSPELT, NO_COLUMN, WRONG_ENCODING],
        changes={
            UNREACHABLE: {"base_url": f"http://127.0.0.1:{free_port()}/p002"},
            REFUSED: {"token_env": "TOKEN_OF_YESTERDAY"},
            MISSPELT: {"conector": "rest"},
            WRONG_ENCODING: {"encoding": "utf-8"},
        },
    )
    _drop_column(sources.parent / "inbox" / NO_COLUMN, "this_period")
    deployment = Deployment(folder / "warehouse", sources, more={"TOKEN_OF_YESTERDAY": "expired"})
    return deployment, deployment.run("pull", "--period", "2020-03-23", "--json")


def _drop_column(inbox: Path, name: str) -> None:
    for path in sorted((inbox / "dispatch_reports" / "period=2020-03-23").glob("*.xlsx")):
        book = openpyxl.load_workbook(path)
        sheet = book["双周调度表"]
        column = next(cell.column for cell in sheet[6] if cell.value == name)
        sheet.delete_cols(column)
        book.save(path)


def lines_about(ended: Ended, sender_id: str) -> list[str]:
    return [line.strip() for line in ended.stderr.splitlines() if line.strip().startswith(f"! {sender_id} ")]


def test_the_exit_code_is_one_and_the_others_went_on(troubled):
    deployment, ended = troubled
    assert ended.exit_code == 1
    assert {trouble["sender_id"] for trouble in ended.answer["troubles"]} == {
        UNREACHABLE, REFUSED, MISSPELT, NO_COLUMN, WRONG_ENCODING,
    }  # fmt: skip
    landed = {
        sender: {line["feed"] for line in lines if line["kind"] == "batch"}
        for sender, lines in deployment.ledger_lines().items()
    }
    assert landed["P001"] == {"courses", "registrations", "learning_records", "certificates", "reminders"}
    assert "dispatch_reports" in landed["110000"]
    # Trouble with one file or feed is not trouble with the sender's others.
    assert "institutions" in landed[NO_COLUMN] and "dispatch_reports" not in landed[NO_COLUMN]


@pytest.mark.parametrize(
    ("sender_id", "words"),
    [
        (UNREACHABLE, ("registrations", "2020-03-23")),
        (REFUSED, ("registrations", "401", "TOKEN_OF_YESTERDAY")),
        (MISSPELT, ("registry", "sources.yml", "conector", "unknown key")),
        (NO_COLUMN, ("dispatch_reports", "period=2020-03-23", "v1.xlsx", "this_period")),
        (WRONG_ENCODING, ("institutions", "period=2020-03-23", "encoding")),
    ],
)
def test_the_message_names_what_a_stranger_needs(troubled, sender_id, words):
    _, ended = troubled
    lines = lines_about(ended, sender_id)
    assert lines
    assert [word for word in words if not any(word.lower() in line.lower() for line in lines)] == []
    assert not any("Traceback" in line or "internal error" in line for line in ended.stderr.splitlines())


def test_nothing_is_told_twice_over(troubled):
    _, ended = troubled
    assert len(lines_about(ended, MISSPELT)) == 1
    assert len(lines_about(ended, NO_COLUMN)) == len(set(lines_about(ended, NO_COLUMN)))
    # A server that does not answer is not asked for every feed: the rest says so in one line each.
    assert sum("not tried" not in line for line in lines_about(ended, UNREACHABLE)) <= 2


def test_mended_the_rest_comes_and_what_was_landed_stays(troubled, serving, tmp_path):
    deployment, _ = troubled
    before = deployment.ledger_lines()
    sources = write_registry(serving, tmp_path / "registry", [*GOOD, UNREACHABLE, REFUSED, MISSPELT])
    mended = Deployment(deployment.directory, sources)
    ended = mended.run("pull", "--period", "2020-03-23", "--json")
    assert (ended.exit_code, ended.answer["troubles"]) == (0, [])
    after = mended.ledger_lines()
    for sender in (UNREACHABLE, REFUSED, MISSPELT):
        assert {line["feed"] for line in after[sender]} >= {"registrations", "certificates"}
    assert after["P001"][: len(before["P001"])] == before["P001"]
    assert [line for line in after["P001"][len(before["P001"]) :] if line["kind"] == "batch"] == []


def test_a_registry_that_is_wrong_as_a_whole_stops_before_anything(tmp_path):
    sources = tmp_path / "sources.yml"
    sources.write_text("platfroms: []\nbureaus: []\n", encoding="utf-8")
    deployment = Deployment(tmp_path / "warehouse", sources, more={"WAREHOUSE_PSEUDONYM_KEY": "0f" * 32})
    ended = deployment.run("build")
    assert ended.exit_code == 1
    assert len(ended.stderr.strip().splitlines()) == 1 and "platfroms" in ended.stderr
    assert not (deployment.directory / "landing").exists()


def test_a_wrong_entry_later_leaves_the_registry_in_force(built: Built, serving: Path, tmp_path: Path):
    """A misspelt key must not take a platform's registrations out of every total."""
    sources = write_registry(serving, tmp_path / "registry", ["P001", "110000"], changes={"P001": {"conector": "rest"}})
    heads = {sender: len(lines) for sender, lines in built.deployment.ledger_lines().items()}
    ended = Deployment(built.deployment.directory, sources).run("pull", "--json")
    assert ended.exit_code == 1
    assert "P001 registry sources.yml field conector: unknown key" in ended.stderr
    assert len(built.deployment.ledger_lines()["_config"]) == heads["_config"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("build", "--period", "2020-03-24"), ("--period", "2020-03-24", "2020-03-23")),
        (("build", "--sender", "P999"), ("--sender", "P999")),
        (("pull", "--no-such-option"), ("--no-such-option",)),
        (("sandbox", "serve"), ("--dir",)),
        (("frobnicate",), ("frobnicate",)),
    ],
)
def test_wrong_use_is_two(built: Built, arguments, words):
    ended = built.deployment.run_here(*arguments)
    assert ended.exit_code == 2
    assert [word for word in words if word not in ended.stderr] == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"WAREHOUSE_NOW": "yesterday"}, ("WAREHOUSE_NOW", "yesterday")),
        ({"WAREHOUSE_PSEUDONYM_KEY": "abcd"}, ("WAREHOUSE_PSEUDONYM_KEY", "32")),
        ({"WAREHOUSE_THREADS": "many"}, ("WAREHOUSE_THREADS",)),
    ],
)
def test_a_setting_that_is_no_setting_is_two(built: Built, more, words):
    given = Deployment(built.deployment.directory, built.deployment.sources, more=more)
    ended = given.run_here("build")
    assert ended.exit_code == 2
    assert len(ended.stderr.strip().splitlines()) == 1
    assert [word for word in words if word not in ended.stderr] == []
