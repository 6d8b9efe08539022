"""The jobs: two that land, cell by cell, and one that makes the marts of whatever has landed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dagster import AssetKey, AssetSelection, define_asset_job, in_process_executor

from orchestration.assets.flow import landing_key
from orchestration.sources.feeds import FEEDS, SenderKind

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

LAND_JOB = {SenderKind.PLATFORM: "land_platforms", SenderKind.BUREAU: "land_bureaus"}
BUILD_JOB = "build_marts"


def landing_keys(kind: SenderKind) -> list[AssetKey]:
    return [landing_key(feed.name) for feed in FEEDS.values() if feed.sender_kind is kind]


def landing_job(kind: SenderKind) -> UnresolvedAssetJobDefinition:
    """Every feed of a kind of sender, for the cells chosen; one sender's trouble leaves the others done."""
    return define_asset_job(
        LAND_JOB[kind],
        selection=AssetSelection.assets(*landing_keys(kind)),
        description=f"Ask the {kind.value}s for the periods and senders chosen, and land what they send. All chosen "
        "partitions are pulled in one run, side by side. Partitions that failed turn red and make the run fail; the "
        f"others are done, and the marts follow by themselves ({BUILD_JOB}).",
        executor_def=in_process_executor,
    )


def build_job(keys: Iterable[AssetKey]) -> UnresolvedAssetJobDefinition:
    """Configuration, load, dbt, publish and every check, in one process. `keys`: its assets; their checks come
    along."""
    return define_asset_job(
        BUILD_JOB,
        selection=AssetSelection.assets(*keys),
        description="Load what has landed, build and test every model, publish, and judge who is late. Starts by "
        "itself after each landing, whether that failed or not; safe to start by hand at any time, a second run "
        "changes nothing.",
        executor_def=in_process_executor,
    )
