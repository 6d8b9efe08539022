"""python -m benchmarks.generator --scale S --dir D: draw a world and land it, without measuring anything."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from benchmarks.deployment import deployment
from benchmarks.generator.landing import land
from benchmarks.generator.registry import write_registry
from benchmarks.generator.world import World, draw


def make(world: World) -> int:
    """Draw and land `world` below its folder; the batches written."""
    draw(world)
    write_registry(world.folder / "sources.yml")
    return land(world, deployment(world.folder, world.folder / "main"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=0.02)
    parser.add_argument("--dir", type=Path, required=True)
    given = parser.parse_args()
    began = time.perf_counter()
    batches = make(World(given.dir.resolve(), given.scale))
    sys.stderr.write(f"{batches} batches in {time.perf_counter() - began:.1f} s\n")
