"""`warehouse period list`, `close` and `approve`: how far each period has come, and taking it one step on."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import Console

from orchestration import calendar
from orchestration.calendar import Period
from orchestration.campaign import load_campaign
from orchestration.closing import steps
from orchestration.closing.record import PeriodEvent
from orchestration.closing.standing import PeriodStanding, read_standings
from orchestration.commands.terminal import JsonOption, answer, told
from orchestration.pipeline import UsageError
from orchestration.reporting.summary import render_line
from orchestration.settings import Settings

app = typer.Typer(help="Open, closed, approved, published, restated: where each period is.", no_args_is_help=True)

PeriodOption = Annotated[str, typer.Option("--period", metavar="P", help="The period's first day, ISO 8601.")]
ByOption = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who does it; default: the login name.")]


@dataclass(frozen=True)
class PeriodsReport:
    periods: tuple[PeriodStanding, ...]


@dataclass(frozen=True)
class StepReport:
    """One step as it was recorded; `missing`: 'sender feed' of the due reports it was closed without."""

    period_start: str
    state: str
    by: str
    at: str
    missing: list[str]
    reason: str | None

    @classmethod
    def of(cls, event: PeriodEvent) -> StepReport:
        return cls(event.period_start, event.state, event.by, event.at, event.missing, event.reason)


@app.command("list")
def list_periods(as_json: JsonOption = False) -> None:
    """Each period begun so far: its state, since when, by whom, and which marts changed after it was closed."""
    with told(as_json=as_json):
        settings = Settings.from_environment()
        begun = calendar.begun(calendar.periods(load_campaign(settings.campaign_path)), settings.now())
        answer(PeriodsReport(tuple(read_standings(settings, begun))), _render, as_json=as_json)


@app.command("close")
def close_period(
    period: PeriodOption,
    by: ByOption = None,
    despite_missing: Annotated[
        str | None,
        typer.Option("--despite-missing", metavar="REASON", help="Close although due reports are missing, and why."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Close a period whose due reports have all come. What changes in it from then on is shown as a restatement."""
    with told(as_json=as_json):
        settings = Settings.from_environment()
        event = steps.close(settings, _choose(settings, period), by or getpass.getuser(), despite_missing)
        answer(StepReport.of(event), _render_step, as_json=as_json)


@app.command("approve")
def approve_period(period: PeriodOption, by: ByOption = None, as_json: JsonOption = False) -> None:
    """Approve a closed period; the next publication records that it published it."""
    with told(as_json=as_json):
        settings = Settings.from_environment()
        event = steps.approve(settings, _choose(settings, period), by or getpass.getuser())
        answer(StepReport.of(event), _render_step, as_json=as_json)


def _choose(settings: Settings, text: str) -> Period:
    begun = calendar.begun(calendar.periods(load_campaign(settings.campaign_path)), settings.now())
    for period in begun:
        if period.key == text:
            return period
    keys = ", ".join(period.key for period in begun) or "none"
    raise UsageError(f"--period {text}: no period begun by now has that first day; there are {keys}")


def _render(console: Console, report: PeriodsReport) -> None:
    if not report.periods:
        render_line(console, "periods", "none has begun yet")
    for one in report.periods:
        since = f" since {one.since} by {one.by}" if one.since else ""
        changed = f"; changed after closing: {', '.join(one.changed_marts)}" if one.changed_marts else ""
        render_line(console, one.period_start, f"{one.state}{since}{changed}")


def _render_step(console: Console, event: StepReport) -> None:
    missing = f"; without {len(event.missing)} reports: {event.reason}" if event.missing else ""
    render_line(console, event.state, f"period {event.period_start} by {event.by} at {event.at}{missing}")
    render_line(console, "next", _NEXT[event.state].format(period=event.period_start))


_NEXT = {"closed": "warehouse period approve --period {period}", "approved": "warehouse publish"}
