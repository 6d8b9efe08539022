"""`warehouse sandbox demo`: the whole flow on sample senders, in the warehouse's own folder.

    make the world (once) → serve it → build, with the clock at the world's → say what happened

The world is made with late filings, restatements and dirty rows, so these are reported and are no failure of the demo.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from rich.console import Console

from orchestration import pipeline
from orchestration.commands.serving import serving
from orchestration.commands.terminal import answer
from orchestration.pipeline import BuildReport, UsageError
from orchestration.reporting.progress import Reporter, reporter_for
from orchestration.reporting.summary import render_build, render_line
from orchestration.sandbox.world import make_world
from orchestration.settings import SANDBOX_MANIFEST, SHANGHAI, Settings

REGISTRATIONS = 60_000
SAMPLES = "All platforms and bureaus here are samples: a simulated world, drawn from a seed. No figure is real."


@dataclass(frozen=True)
class DemoReport:
    """What the demo built, and that it is a sample."""

    note: str
    world: Path
    clock: str
    build: BuildReport
    exit_code: int


def run_demo(settings: Settings, *, as_json: bool) -> int:
    """Make, serve, build, report. Returns the exit code. Raises UsageError where the registry is not the sandbox's."""
    world = settings.warehouse_dir / "sandbox"
    _refuse_other_senders(settings, world)
    reporter = reporter_for()
    sys.stderr.write(f"{SAMPLES}\n")
    clock = _make_once(world, reporter)
    settings = replace(settings, sources_path=world / "sources.yml", fixed_now=clock)
    with serving(settings, world):
        built = pipeline.build(pipeline.prepare(settings), reporter)
    report = DemoReport(SAMPLES, world, clock.isoformat(), built, built.exit_code)
    answer(report, _render, as_json=as_json)
    return report.exit_code


def _refuse_other_senders(settings: Settings, world: Path) -> None:
    """Sample data must never land among real batches."""
    if settings.sources_path != world / "sources.yml":
        raise UsageError(
            f"WAREHOUSE_SOURCES names {settings.sources_path}: the demo builds sample senders only; unset it, or give the "
            "demo a folder of its own with WAREHOUSE_DIR"
        )
    if settings.landing_dir.exists() and not world.exists():
        raise UsageError(
            f"{settings.landing_dir} holds batches, and none of the sandbox; give the demo a folder of its own with "
            "WAREHOUSE_DIR"
        )


def _make_once(world: Path, reporter: Reporter) -> datetime:
    """The world's clock; the world is made when its folder has no manifest, which is the last thing written."""
    if not (world / SANDBOX_MANIFEST).is_file():
        with reporter.step("make"):
            make_world(world, registrations=REGISTRATIONS, messy=True)
    manifest = json.loads((world / SANDBOX_MANIFEST).read_text(encoding="utf-8"))
    return datetime.fromisoformat(manifest["now"]).astimezone(SHANGHAI)


def _render(console: Console, report: DemoReport) -> None:
    console.print()
    render_line(console, "samples", f"{report.note} Clock: {report.clock}")
    render_build(console, report.build)
    console.print()
    render_line(console, "next", "make ui (Dagster on this warehouse), warehouse status, docs/analyst.md")
