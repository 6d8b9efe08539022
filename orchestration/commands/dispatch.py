"""`warehouse dispatch`: the warehouse's own biweekly table as a workbook."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from orchestration.commands.terminal import JsonOption, answer, told
from orchestration.pipeline import UsageError
from orchestration.reporting.dispatch_workbook import WorkbookReport, write_dispatch_workbook
from orchestration.reporting.dispatch_workbook_tables import read_dispatch_tables
from orchestration.settings import Settings
from orchestration.wording import plural

PeriodOption = Annotated[str, typer.Option("--period", metavar="P", help="The period, by its first day: 2020-03-23.")]
ProvinceOption = Annotated[
    str | None,
    typer.Option(
        "--province", metavar="CODE", help="Only this province's table. Default: the nation, then every province."
    ),
]
OutOption = Annotated[Path, typer.Option("--out", metavar="FILE.xlsx", help="The workbook to write; overwritten.")]


def dispatch(
    period: PeriodOption, out: OutOption, province: ProvinceOption = None, as_json: JsonOption = False
) -> None:
    """Write the biweekly table (双周调度表) of a period as bureaus file it, from what the warehouse holds.

    It shows small counts too: it is a working paper, not a publication.
    """
    with told(as_json=as_json):
        _check(out)
        tables = read_dispatch_tables(Settings.from_environment(), period, province)
        try:
            report = write_dispatch_workbook(tables, out)
        except OSError as error:
            raise UsageError(f"--out {out}: can't be written: {error.strerror or error}") from None
        answer(report, _render, as_json=as_json)


def _check(out: Path) -> None:
    if out.suffix.lower() != ".xlsx":
        raise UsageError(f"--out {out}: the workbook's name must end with .xlsx")
    if not out.parent.is_dir():
        raise UsageError(f"--out {out}: there is no folder {out.parent}")
    if out.is_dir():
        raise UsageError(f"--out {out}: is a folder")


def _render(console: Console, report: WorkbookReport) -> None:
    count = len(report.sheets)
    console.print(f"{report.path}: {count} {plural('sheet', count)}, {report.indicators_count} indicators in each")
