"""`warehouse sandbox make`, `serve`, `demo`: a world of sample senders, from a seed.

Each imports what it needs when it runs: drawing and serving worlds would cost every other command a third of a second.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from orchestration.commands.terminal import JsonOption, answer, told
from orchestration.reporting.progress import reporter_for
from orchestration.reporting.summary import render_line
from orchestration.settings import Settings

if TYPE_CHECKING:
    from orchestration.sandbox import Manifest

app = typer.Typer(
    help="A world of sample platforms and bureaus: none of them is real, all of it is drawn from a seed.",
    no_args_is_help=True,
)

DirOption = Annotated[Path, typer.Option("--dir", metavar="D", help="The world's folder.")]


@app.command()
def make(
    directory: DirOption,
    registrations: Annotated[int, typer.Option("--registrations", metavar="N", help="At least 500.")] = 60_000,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="The same seed gives the same world.")] = 20200323,
    messy: Annotated[bool, typer.Option("--messy", help="With rows that break the contract.")] = False,
    fraud: Annotated[
        bool, typer.Option("--fraud", help="With published schemes of fraud, among honest look-alikes.")
    ] = False,
    restatements: Annotated[
        bool, typer.Option("--restatements", help="With each cause for which recorded departs from reported.")
    ] = False,
    port: Annotated[int, typer.Option("--port", help="Where its platforms will be served; 0 picks a free one.")] = 8701,
    as_json: JsonOption = False,
) -> None:
    """Write a seeded world: registry, bureaus' files, platforms' data, and the truth of its headline numbers."""
    from orchestration.sandbox import make_world

    with told(as_json=as_json):
        with reporter_for().step("make") as step:
            manifest = make_world(
                directory,
                registrations=registrations,
                seed=seed,
                messy=messy,
                port=port,
                fraud=fraud,
                restatements=restatements,
                on_step=step.advance,
            )
        answer(manifest, partial(_render_world, directory), as_json=as_json)


@app.command()
def serve(
    directory: DirOption,
    faults: Annotated[
        str | None,
        typer.Option("--faults", metavar="F", help="What goes wrong on purpose: down:P007,unauthorized:P003,slow:*:2"),
    ] = None,
) -> None:
    """Serve the world's platforms over HTTP on loopback until stopped (Ctrl-C)."""
    from orchestration.sandbox.server import serve as serve_world

    with told(as_json=False):
        serve_world(directory, faults, _tell_address)


@app.command()
def demo(as_json: JsonOption = False) -> None:
    """Make the sample world in the warehouse's folder (once), serve it, and build everything from it."""
    from orchestration.commands.demo import run_demo

    with told(as_json=as_json):
        run_demo(Settings.from_environment(), as_json=as_json)


def _tell_address(address: str) -> None:
    sys.stderr.write(f"serving samples at {address} until stopped\n")


def _render_world(directory: Path, console: Console, manifest: Manifest) -> None:
    render_line(console, "samples", manifest.statement)
    render_line(
        console,
        "made",
        f"{manifest.registrations:,} registrations, {manifest.learning_records:,} learning records, "
        f"from seed {manifest.seed}",
    )
    render_line(console, "registry", str(directory / "sources.yml"))
    render_line(console, "clock", f"WAREHOUSE_NOW={manifest.now}")
    render_line(console, "next", f"warehouse sandbox serve --dir {directory}")
