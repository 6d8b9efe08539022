"""python -m benchmarks.generator --scale S --dir D [--send]: draw a world and land it, without measuring anything."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from benchmarks.deployment import deployment
from benchmarks.generator.landing import land
from benchmarks.generator.registry import write_registry
from benchmarks.generator.senders import send
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
    parser.add_argument("--send", action="store_true", help="also write one period as platforms send it")
    given = parser.parse_args()
    began = time.perf_counter()
    world = World(given.dir.resolve(), given.scale)
    batches = make(world)
    if given.send:
        send(world)
    sys.stderr.write(f"{batches} batches in {time.perf_counter() - began:.1f} s\n")
