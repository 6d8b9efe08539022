"""A warehouse in which one may not write: every command that needs to names the file, instead of a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.settings import PROJECT_ROOT

RULES = str(PROJECT_ROOT / "seeds" / "subsidy_rules.csv")
COMMANDS = {
    "trace": ("trace", "--person-key", "00000000-0000-0000-0000-000000000000"),
    "dispatch": ("dispatch", "--period", "2020-03-23", "--out", "table.xlsx"),
    "close": ("period", "close", "--period", "2020-03-23", "--by", "office"),
    "verify": ("verify",),
    "load": ("load",),
    "what-if": ("what-if", "--rules", RULES),
}


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_the_lock_that_may_not_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WAREHOUSE_DIR", str(tmp_path))
    monkeypatch.setenv("WAREHOUSE_NOW", "2020-07-10T09:00:00+08:00")
    (tmp_path / "warehouse.duckdb").touch()
    # A folder can't be opened for writing, whoever runs the tests: root may write what has no right to be written
    for name in (".writer.lock", ".what-if.lock"):
        (tmp_path / name).mkdir()
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == 1, done.output
    assert isinstance(done.exception, SystemExit), done.exception
    assert ".lock: can't be written (" in done.stderr
