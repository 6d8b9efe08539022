"""The settings of a benchmark's deployment: its own folder and clock, a key that is no secret, a limit of memory."""

from __future__ import annotations

from pathlib import Path

from benchmarks.generator.registry import TOKEN_VARIABLE
from benchmarks.generator.world import CAMPAIGN_PATH, KEY, NOW, SEEDS_DIR
from orchestration.settings import Settings

# DuckDB's own limit: the process around it takes up to a gigabyte more, and the goal is 8 for all of it.
MEMORY_LIMIT = "7GiB"


def deployment(
    world_folder: Path, warehouse_dir: Path, sources: Path | None = None, campaign: Path = CAMPAIGN_PATH
) -> Settings:
    """Settings that every process of a benchmark shares; `environment` is what its subprocesses get."""
    environment = dict(Settings.from_environment().environment) | {
        "WAREHOUSE_DIR": str(warehouse_dir),
        "WAREHOUSE_SOURCES": str(sources or world_folder / "sources.yml"),
        "WAREHOUSE_CAMPAIGN": str(campaign),
        "WAREHOUSE_SEEDS": str(SEEDS_DIR),
        "WAREHOUSE_PSEUDONYM_KEY": KEY.hex(),
        "WAREHOUSE_NOW": NOW.isoformat(),
        "WAREHOUSE_MEMORY_LIMIT": MEMORY_LIMIT,
        TOKEN_VARIABLE: "benchmark",
    }
    return Settings.from_environment(environment)
