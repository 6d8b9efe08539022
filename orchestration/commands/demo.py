"""`warehouse sandbox demo`: the whole flow on sample senders, in the warehouse's own folder.

    make the world (once) → serve it → pull at each due date → build at the world's clock → say what happened

Pulling at each due date, with the files that had come by then, shows who was late; one pull of everything at the end
would find everybody late.

The world is made with late filings, restatements and dirty rows, so these are reported and are no failure of the demo.
"""

from __future__ import annotations

import socket
import sys
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from rich.console import Console

from orchestration import pipeline
from orchestration.commands.serving import serving
from orchestration.commands.terminal import answer
from orchestration.landing.ledger import read_ledger
from orchestration.pipeline import BuildReport, Deployment, PullSummary, UsageError
from orchestration.reporting.progress import Reporter, reporter_for
from orchestration.reporting.summary import render_build, render_line
from orchestration.sandbox import Manifest, make_world
from orchestration.sandbox.arrivals import deliver
from orchestration.sandbox.writing.registry import EARLIER_REGISTRY
from orchestration.settings import SANDBOX_MANIFEST, SHANGHAI, Settings

REGISTRATIONS = 60_000
USUAL_PORT = 8701


@dataclass(frozen=True)
class DemoReport:
    """What the demo built; `statement` says that all of it is samples."""

    statement: str
    world: Path
    clock: str
    build: BuildReport


def run_demo(settings: Settings, *, as_json: bool) -> None:
    """Make, serve, build, answer. Raises UsageError where the registry is not the sandbox's."""
    world = settings.warehouse_dir / "sandbox"
    _refuse_other_senders(settings, world)
    reporter = reporter_for()
    manifest = _made_once(world, reporter)
    sys.stderr.write(f"{manifest.statement}\n")
    clock = datetime.fromisoformat(manifest.now).astimezone(SHANGHAI)
    deployment = pipeline.prepare(replace(settings, sources_path=world / "sources.yml", fixed_now=clock))
    with serving(world):
        pulled = _pull_as_it_came(deployment, world, manifest, reporter)
        built = pipeline.build(deployment, reporter)
    built = replace(built, pull=pulled + built.pull)
    report = DemoReport(manifest.statement, world, manifest.now, built)
    answer(report, _render, as_json=as_json, exit_code=built.exit_code)


def _refuse_other_senders(settings: Settings, world: Path) -> None:
    """Sample data must never land among real batches."""
    if settings.sources_path != world / "sources.yml":
        raise UsageError(
            f"WAREHOUSE_SOURCES names {settings.sources_path}, and the demo builds sample senders only: "
            "unset it, or give the demo a folder of its own with WAREHOUSE_DIR"
        )
    if settings.landing_dir.exists() and not (world / SANDBOX_MANIFEST).is_file():
        raise UsageError(
            f"{settings.landing_dir} holds batches, but there is no sandbox beside it: "
            "give the demo a folder of its own with WAREHOUSE_DIR"
        )


def _made_once(world: Path, reporter: Reporter) -> Manifest:
    if not (world / SANDBOX_MANIFEST).is_file():
        with reporter.step("make") as step:
            make_world(
                world,
                registrations=REGISTRATIONS,
                messy=True,
                port=_port(),
                restatements=True,
                on_step=step.advance,
            )
    return Manifest.read(world)


def _pull_as_it_came(deployment: Deployment, world: Path, manifest: Manifest, reporter: Reporter) -> PullSummary:
    """Pull each period at its due date; those that an earlier demo has pulled are left as they are."""
    clock = deployment.settings.now()
    pulled = PullSummary()
    ledger = read_ledger(deployment.settings.landing_dir)
    last = max((datetime.fromisoformat(entry.received_at) for entry in ledger.all_entries()), default=None)
    try:
        for period in deployment.periods:
            if period.due_at > clock or (last is not None and last >= period.due_at):
                continue
            deliver(world, period.due_at)
            then = pipeline.prepare(
                replace(
                    deployment.settings,
                    fixed_now=period.due_at,
                    sources_path=world / _registry_of(manifest, period.due_at),
                )
            )
            title = f"pull {period.due_at:%m-%d}"
            pulled += pipeline.pull_due(then, reporter, periods={period.start}, title=title)
    finally:
        deliver(world, clock)
    return pulled


def _registry_of(manifest: Manifest, moment: datetime) -> str:
    """The registry's file as it stood at a moment of the sample world."""
    changed_at = manifest.registry_changed_at
    is_earlier = changed_at is not None and moment <= datetime.fromisoformat(changed_at)
    return EARLIER_REGISTRY if is_earlier else "sources.yml"


def _port() -> int:
    """The usual port, or any free one (0) where something else listens there."""
    with socket.socket() as probe:
        return 0 if probe.connect_ex(("127.0.0.1", USUAL_PORT)) == 0 else USUAL_PORT


def _render(console: Console, report: DemoReport) -> None:
    console.print()
    render_line(console, "samples", report.statement)
    render_line(console, "clock", report.clock)
    render_build(console, report.build)
    render_line(console, "next", "make ui (Dagster on this warehouse), warehouse status, docs/analyst.md")
