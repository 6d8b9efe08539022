"""`warehouse report`: the report on a period as one file that anybody can open."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from orchestration.commands.terminal import JsonOption, answer, told
from orchestration.pipeline import UsageError
from orchestration.reporting.period_report import PeriodReport, write_period_report
from orchestration.reporting.summary import render_line
from orchestration.settings import Settings

PeriodOption = Annotated[str, typer.Option("--period", metavar="P", help="The period, by its first day: 2020-03-23.")]
OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="FILE.html", help="Overwritten. Default: report-P.html beside the published marts.duckdb."
    ),
]
PdfOption = Annotated[bool, typer.Option("--pdf", help="Print it to PDF beside it too; needs Chromium.")]


def report(period: PeriodOption, out: OutOption = None, pdf: PdfOption = False, as_json: JsonOption = False) -> None:
    """Write the report on a period as one HTML file with charts and tables, from the published copy alone.

    Nothing in it is fetched from elsewhere: it can be sent, opened on a phone and printed.
    """
    with told(as_json=as_json):
        if out is not None:
            _check(out)
        try:
            written = write_period_report(Settings.from_environment(), period, out, pdf=pdf)
        except OSError as error:
            raise UsageError(f"--out {out or 'beside the published copy'}: can't be written: {error}") from None
        answer(written, _render, as_json=as_json)


def _check(out: Path) -> None:
    if out.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"--out {out}: the report's name must end with .html")
    if not out.parent.is_dir():
        raise UsageError(f"--out {out}: there is no folder {out.parent}")
    if out.is_dir():
        raise UsageError(f"--out {out}: is a folder")


def _render(console: Console, written: PeriodReport) -> None:
    render_line(console, "report", str(written.path))
    if written.pdf is not None:
        render_line(console, "pdf", str(written.pdf))
    render_line(console, "of", f"period {written.period}, published version {written.version}")
