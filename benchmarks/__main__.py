"""Measure the project against hand-written SQL: python -m benchmarks --scale S [--repeat N] [--dir D].

draw → land → for each round: every step and its hand-written counterpart, one after the other → results
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.generator.world import World
from benchmarks.report import write_report
from benchmarks.rounds import PARTS, Bench
from orchestration.settings import PROJECT_ROOT, Settings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=0.02, help="1 is 5.4 million registrations")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--dir", type=Path, help="default: bench/<scale> in the warehouse's folder; emptied first")
    parser.add_argument("--keep", action="store_true", help="use the world that is there already")
    parser.add_argument("--results", type=Path, help="default: benchmarks/results.md")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="what to measure; default: all")
    given = parser.parse_args()
    folder = (given.dir or Settings.from_environment().warehouse_dir / "bench" / f"{given.scale:g}").resolve()
    world = World(folder, given.scale)
    if not given.keep:
        shutil.rmtree(folder, ignore_errors=True)
        make(world)
    bench = Bench(world, _say, given.parts)
    for number in range(given.repeat):
        bench.round(number)
    if "history" in given.parts:
        bench.twice_the_periods()
    if "period" in given.parts:
        bench.one_more_period()
    if "shares" in given.parts:
        bench.shares()
    bench.compare()
    path = write_report(bench, given.results)
    _say(f"results: {path}")


def make(world: World) -> None:
    """Draw, land and send the world, in a process of its own: a process's peak counts in those that it starts."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.generator", "--scale", str(world.scale), "--dir", str(world.folder)]
    subprocess.run([*command, "--send"], cwd=PROJECT_ROOT, check=True)
    _say(f"made scale {world.scale:g}: {time.perf_counter() - began:.0f} s")


def _say(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")


if __name__ == "__main__":
    main()
