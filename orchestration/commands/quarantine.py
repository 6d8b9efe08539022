"""`warehouse quarantine list` and `replay`: what was refused and why; taking it again after the cause was mended."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from orchestration import pipeline
from orchestration.commands.terminal import TROUBLE, JsonOption, answer, told
from orchestration.pipeline import ReplayReport, replay_step
from orchestration.reporting.progress import reporter_for
from orchestration.reporting.refusals import Refusal, Refusals, read_refusals
from orchestration.reporting.summary import render_line
from orchestration.settings import Settings

app = typer.Typer(help="Rows that broke the contract: kept, named, never dropped.", no_args_is_help=True)

SenderOption = Annotated[
    list[str] | None, typer.Option("--sender", metavar="ID", help="Of this sender; may be repeated.")
]
FeedOption = Annotated[list[str] | None, typer.Option("--feed", metavar="FEED", help="Of this feed; may be repeated.")]
ReasonOption = Annotated[
    list[str] | None, typer.Option("--reason", metavar="REASON", help="For this reason; may be repeated.")
]
LIMIT = 50


@app.command("list")
def list_refusals(
    sender: SenderOption = None,
    feed: FeedOption = None,
    reason: ReasonOption = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="How many to show; 0 for all.")] = LIMIT,
    as_json: JsonOption = False,
) -> None:
    """What was refused: sender, feed, file, position, field and reason; identifying fields show their length only."""
    with told(as_json=as_json):
        found = read_refusals(
            Settings.from_environment(),
            senders=sender or (),
            feeds=feed or (),
            reasons=reason or (),
            limit=limit or None,
        )
        answer(found, _render, as_json=as_json)


@app.command("replay")
def replay_refused(
    sender: SenderOption = None,
    feed: FeedOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read every batch with refused rows from its sender again, and land it anew where other rows are refused now.

    For after a contract or a column map was mended. A payload that the sender no longer has is told; exit code 1.
    """
    with told(as_json=as_json):
        deployment = pipeline.prepare(Settings.from_environment())
        senders = pipeline.choose_senders(deployment, sender or ())
        report = replay_step(deployment, reporter_for(), senders=senders, feeds=pipeline.choose_feeds(feed or ()))
        answer(report, _render_replay, as_json=as_json, exit_code=TROUBLE if report.troubles else 0)


def _render_replay(console: Console, report: ReplayReport) -> None:
    render_line(
        console,
        "replayed",
        f"{report.batches_count:,} batches with refused rows; {report.landed_count:,} landed anew, "
        f"{report.freed_rows_count:,} rows taken that were refused before",
    )
    for trouble in report.troubles:
        render_line(console, "failed", str(trouble))
    if report.landed_count:
        render_line(console, "next", "warehouse build")


def _render(console: Console, found: Refusals) -> None:
    for refusal in found.refusals:
        console.print(escape(_line(refusal)))
    shown = len(found.refusals)
    rest = f"; the first {shown:,} are shown, --limit 0 shows all" if shown < found.total_count else ""
    render_line(console, "quarantine", f"{found.total_count:,} refusals of {found.rows_count:,} rows{rest}")


def _line(refusal: Refusal) -> str:
    period = f" {refusal.period_start}" if refusal.period_start else ""
    return (
        f"{refusal.sender_id} {refusal.feed}{period} {refusal.source_name} row {refusal.position} "
        f"{refusal.field}: {refusal.reason}  {refusal.row_masked}"
    )
