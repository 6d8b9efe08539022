"""Measure the project against hand-written SQL: python -m benchmarks --scale S [--repeat N] [--dir D].

draw → land → for each round: every step and its hand-written counterpart, one after the other → results
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path

from benchmarks.deployment import deployment
from benchmarks.generator.landing import land
from benchmarks.generator.registry import write_registry
from benchmarks.generator.senders import send
from benchmarks.generator.world import World, draw
from benchmarks.report import write_report
from benchmarks.rounds import Bench
from orchestration.settings import Settings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=0.02, help="1 is 5.4 million registrations")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--dir", type=Path, help="default: bench/<scale> in the warehouse's folder; emptied first")
    parser.add_argument("--keep", action="store_true", help="use the world that is there already")
    parser.add_argument("--results", type=Path, help="default: benchmarks/results.md")
    given = parser.parse_args()
    folder = (given.dir or Settings.from_environment().warehouse_dir / "bench" / f"{given.scale:g}").resolve()
    world = World(folder, given.scale)
    if not given.keep:
        shutil.rmtree(folder, ignore_errors=True)
        made(world)
    bench = Bench(world, _say)
    for number in range(given.repeat):
        bench.round(number)
    bench.one_more_period()
    bench.compare()
    path = write_report(bench, given.results)
    _say(f"results: {path}")


def made(world: World) -> None:
    """Draw, land and send the world."""
    began = time.perf_counter()
    draw(world)
    sent = send(world)
    write_registry(world.folder / "sources.yml")
    batches = land(world, deployment(world.folder, world.folder / "main"))
    _say(f"made scale {world.scale:g}: {batches} batches, {sent} rows sent, {time.perf_counter() - began:.0f} s")


def _say(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")


if __name__ == "__main__":
    main()
