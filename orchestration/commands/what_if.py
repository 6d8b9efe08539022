"""`warehouse what-if`: what other subsidy rules would have granted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from orchestration.commands.terminal import JsonOption, answer, told
from orchestration.reporting.progress import reporter_for
from orchestration.reporting.summary import render_line
from orchestration.settings import Settings
from orchestration.what_if.build import WhatIfReport
from orchestration.what_if.build import what_if as decide_again
from orchestration.what_if.difference import Row

RulesOption = Annotated[
    Path, typer.Option("--rules", metavar="FILE", help="An edited copy of seeds/subsidy_rules.csv.")
]


def what_if(rules: RulesOption, as_json: JsonOption = False) -> None:
    """Decide every subsidy by other rules, and say the difference in persons and money by province and group.

    Works on a scratch copy of the warehouse: nothing that others read changes.
    """
    with told(as_json=as_json):
        report = decide_again(Settings.from_environment(), rules, reporter_for())
        answer(report, _render, as_json=as_json)


def _render(console: Console, report: WhatIfReport) -> None:
    difference = report.difference
    render_line(console, "rules", f"{report.rules}: {report.rules_count} rules")
    render_line(console, "decisions", f"{difference.changed_decisions_count:,} would be others")
    console.print(_table("In total", difference.totals))
    if difference.rows:
        console.print(_table("Where persons or money differ", difference.rows))
    else:
        render_line(console, "", "no difference in persons or money, in any province or group")


def _table(title: str, rows: tuple[Row, ...]) -> Table:
    table = Table("scheme", "province", "group", title=title)
    for name in ("persons", "then", "difference", "CNY", "then", "difference"):
        table.add_column(name, justify="right")
    for row in rows:
        cells = (
            row.scheme,
            f"{row.province_code} {row.province_name_zh or ''}",
            f"{row.group_code} {row.group_name_zh or ''}",
            f"{row.entitled_persons:,}",
            f"{row.entitled_persons_then:,}",
            f"{row.persons_difference:+,}",
            f"{row.entitled_amount_cny:,.2f}",
            f"{row.entitled_amount_then_cny:,.2f}",
            f"{row.amount_difference_cny:+,.2f}",
        )
        table.add_row(*map(escape, cells))
    return table
