"""What `warehouse report` says where it can't write: each in words, with the exit code of its kind."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.reporting.period_report.pdf import PrinterMissingError, print_pdf


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A published copy of a time when there was one table only."""
    monkeypatch.setenv("WAREHOUSE_DIR", str(tmp_path))
    path = tmp_path / "published" / "marts.duckdb"
    path.parent.mkdir()
    version = path.with_name("marts-1.duckdb")
    with duckdb.connect(str(version)) as connection:
        connection.execute(
            "create schema marts; create table marts.dim_period as select date '2020-03-23' as period_start"
        )
    path.symlink_to(version.name)
    return path


@pytest.mark.parametrize(
    ("out", "code", "said"),
    [
        ("report.html", 1, "was published before this report knew its tables"),
        ("report.pdf", 2, "must end with .html"),
        ("missing/report.html", 2, "there is no folder"),
    ],
)
def test_what_stands_in_the_way_is_named(published: Path, tmp_path: Path, out: str, code: int, said: str) -> None:
    done = CliRunner().invoke(app, ["report", "--period", "2020-03-23", "--out", str(tmp_path / out)])
    assert done.exit_code == code, done.output
    assert said in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["published"]


def test_without_chromium_the_page_is_named_that_can_be_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PrinterMissingError, match=r"none of chromium.*page\.html can be printed from any browser"):
        print_pdf(tmp_path / "page.html", tmp_path / "page.pdf")
    assert list(tmp_path.iterdir()) == []
