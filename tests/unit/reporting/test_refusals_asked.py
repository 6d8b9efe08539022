"""`warehouse quarantine list` of a name that there is not: wrong use, since "0 refusals" would be read as good news."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestration.cli import app


@pytest.fixture(autouse=True)
def landed_from_p001(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ledgers of one sender and of the configuration, nothing refused."""
    monkeypatch.setenv("WAREHOUSE_DIR", str(tmp_path))
    ledgers = tmp_path / "landing" / "_ledger"
    ledgers.mkdir(parents=True)
    for sender_id in ("P001", "_config"):
        (ledgers / f"{sender_id}.jsonl").touch()


@pytest.mark.parametrize(
    ("option", "name", "said"),
    [
        ("--sender", "P01", "--sender P01: nothing has been landed of it; landed is P001\n"),
        ("--feed", "registration", "--feed registration: there is no such feed; there are courses"),
        ("--reason", "bad", "--reason bad: there is no such reason; there are missing_required, bad_type"),
    ],
)
def test_an_unknown_name_is_wrong_use(option: str, name: str, said: str) -> None:
    done = CliRunner().invoke(app, ["quarantine", "list", option, name])
    assert done.exit_code == 2, done.output
    assert said in done.output


@pytest.mark.parametrize("asked", [("--sender", "P001"), ("--feed", "registrations"), ("--reason", "bad_type"), ()])
def test_a_known_name_without_refusals_is_no_trouble(asked: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, ["quarantine", "list", *asked])
    assert (done.exit_code, done.stdout) == (0, "quarantine 0 refusals of 0 rows\n")


def test_known_at_before_anything_has_landed_is_trouble_as_everywhere(tmp_path: Path) -> None:
    (tmp_path / "landing" / "_ledger" / "_config.jsonl").unlink()
    done = CliRunner().invoke(app, ["known-at", "2020-05-08T18:00:00+08:00"])
    assert (done.exit_code, done.output) == (1, "warehouse: nothing has been landed yet; run `warehouse build`\n")
