"""`warehouse known-at`: the marts of a past moment."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console

from orchestration.commands.terminal import JsonOption, answer, told
from orchestration.known_at.build import KnownAtReport
from orchestration.known_at.build import known_at as build_known_at
from orchestration.pipeline import UsageError
from orchestration.reporting import summary
from orchestration.reporting.progress import reporter_for
from orchestration.settings import Settings

TimeArgument = Annotated[str, typer.Argument(metavar="TIME", help="ISO 8601 with offset: 2020-05-08T18:00:00+08:00.")]


def known_at(time: TimeArgument, as_json: JsonOption = False) -> None:
    """Publish the marts as they were known at TIME, from only what had been received by then.

    Registry, campaign and rules are those of then. Written to published/marts-known-<UTC minute>.duckdb; marts.duckdb
    stays as it is.
    """
    with told(as_json=as_json):
        report = build_known_at(Settings.from_environment(), _moment(time), reporter_for())
        answer(report, _render, as_json=as_json)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is not ISO 8601; write 2020-05-08T18:00:00+08:00") from None
    if moment.tzinfo is None:
        raise UsageError(f"{text!r} has no offset; write 2020-05-08T18:00:00+08:00")
    return moment


def _render(console: Console, report: KnownAtReport) -> None:
    summary.render_line(console, "known at", report.known_at.isoformat())
    if report.seeds_of_today:
        summary.render_line(console, "as today", f"{', '.join(report.seeds_of_today)}: not landed by then")
    summary.render_load(console, report.load)
    # Beside the publication that readers follow, which stays what it was
    summary.render_line(console, "published", str(report.publication.path))
