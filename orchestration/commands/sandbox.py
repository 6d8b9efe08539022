"""`warehouse sandbox make`, `serve`, `demo`: a world of sample senders, from a seed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.commands.demo import run_demo
from orchestration.commands.terminal import JsonOption, answer, told
from orchestration.reporting.progress import reporter_for
from orchestration.reporting.worlds import render_world
from orchestration.sandbox.server import serve as serve_world
from orchestration.sandbox.world import make_world
from orchestration.settings import Settings

app = typer.Typer(
    help="A world of sample platforms and bureaus: none of them is real, all of it is drawn from a seed.",
    no_args_is_help=True,
)

DirOption = Annotated[Path, typer.Option("--dir", metavar="D", help="The world's folder.")]


@app.command()
def make(
    directory: DirOption,
    registrations: Annotated[int, typer.Option("--registrations", min=1, help="How many registrations.")] = 60_000,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same world.")] = 20200323,
    messy: Annotated[bool, typer.Option("--messy", help="With late filings, restatements and dirty rows.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write a seeded world: registry, bureaus' files, platforms' data, and the truth of its headline numbers."""
    with told(as_json=as_json):
        with reporter_for().step("make"):
            manifest = make_world(directory, registrations=registrations, seed=seed, messy=messy)
        answer(manifest, render_world, as_json=as_json)


@app.command()
def serve(
    directory: DirOption,
    faults: Annotated[
        str | None, typer.Option("--faults", metavar="F", help="What goes wrong on purpose, and where.")
    ] = None,
) -> None:
    """Serve the world's platforms over HTTP on loopback until stopped (Ctrl-C)."""
    with told(as_json=False):
        serve_world(directory, faults)


@app.command()
def demo(as_json: JsonOption = False) -> None:
    """Make the sample world in the warehouse's folder (once), serve it, and build everything from it."""
    with told(as_json=as_json):
        raise typer.Exit(run_demo(Settings.from_environment(), as_json=as_json))
