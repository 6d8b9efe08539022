"""The cells that landing is cut into: period × sender, known when the definitions load.

Platforms and bureaus have sets of their own, since they send different feeds. Dagster orders the two dimensions by
name, so a cell's key reads `2020-03-23|P001` because `period` comes before `sender`; nothing here may rely on another
order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dagster import MultiPartitionKey, MultiPartitionsDefinition, StaticPartitionsDefinition

from orchestration import calendar
from orchestration.calendar import Period
from orchestration.campaign import Campaign, load_campaign
from orchestration.settings import Settings
from orchestration.sources.feeds import SenderKind
from orchestration.sources.registry.entries import BUREAU_ID, PLATFORM_ID
from orchestration.sources.registry.load import load_registry
from orchestration.sources.registry.senders import Registry, RegistryError

PERIOD = "period"
SENDER = "sender"
# What stands in for the senders while there is no registry: a partition set may not be empty of meaning.
NO_SENDER = "no_registry_yet"
RANGE_START_TAG = "dagster/asset_partition_range_start"
RANGE_END_TAG = "dagster/asset_partition_range_end"


@dataclass(frozen=True)
class Roster:
    """Who sends what to whom by when, as read when the definitions loaded.

    `explanation` says in words why senders are missing; None when the registry is whole.
    """

    campaign: Campaign
    registry: Registry
    periods: tuple[Period, ...]
    explanation: str | None

    def sender_ids(self, kind: SenderKind) -> list[str]:
        """Senders of a kind, those with a mistake in the registry included: their cells must be there to turn red."""
        senders = self.registry.platforms if kind is SenderKind.PLATFORM else self.registry.bureaus
        mistaken = {problem.sender_id or "" for problem in self.registry.problems}
        return sorted({sender.id for sender in senders} | {name for name in mistaken if _kind_of(name) is kind})

    def partitions(self, kind: SenderKind) -> MultiPartitionsDefinition:
        """Period × sender, every cell that can be asked for."""
        return MultiPartitionsDefinition(
            {
                PERIOD: StaticPartitionsDefinition([period.key for period in self.periods]),
                SENDER: StaticPartitionsDefinition(self.sender_ids(kind) or [NO_SENDER]),
            }
        )


def read_roster(settings: Settings) -> Roster:
    """The campaign's calendar and the registry's senders; a registry that is missing or wrong is explained, not raised.

    With a fixed clock (WAREHOUSE_NOW) only the periods begun by then are cells. With the real clock the whole calendar
    is, because a period that begins next week must be a cell then although nobody has reloaded the definitions.
    Raises CampaignError.
    """
    campaign = load_campaign(settings.campaign_path)
    every_period = calendar.periods(campaign)
    begun = calendar.begun(every_period, settings.now())
    periods = (begun or every_period[:1]) if settings.fixed_now else every_period
    registry, explanation = _read_registry(settings)
    return Roster(campaign, registry, tuple(periods), explanation)


def cell_key(period_key: str, sender_id: str) -> MultiPartitionKey:
    """The partition key of one cell."""
    return MultiPartitionKey({PERIOD: period_key, SENDER: sender_id})


def range_tags(period_keys: Sequence[str], sender_ids: Sequence[str]) -> dict[str, str]:
    """The tags of one run for every cell from the first of both to the last of both: of two dimensions a range is a
    rectangle."""
    return {
        RANGE_START_TAG: cell_key(period_keys[0], sender_ids[0]),
        RANGE_END_TAG: cell_key(period_keys[-1], sender_ids[-1]),
    }


def _read_registry(settings: Settings) -> tuple[Registry, str | None]:
    path = settings.sources_path
    empty = Registry(platforms=(), bureaus=())
    if not path.is_file():
        return empty, (
            f"There is no registry of senders at {_shown(path)} yet. `make demo` makes a sandbox with one; a "
            "deployment names its own in WAREHOUSE_SOURCES. Then press Reload (Deployment, Code locations)."
        )
    try:
        registry = load_registry(path, settings.secret, lenient=True)
    except RegistryError as error:
        return empty, f"The registry of senders can't be read, so there are no senders. {error}"
    if registry.problems:
        listed = "\n".join(f"- {problem}" for problem in registry.problems)
        return (
            registry,
            f"The registry has mistakes; the senders concerned are not pulled until they are mended:\n{listed}",
        )
    return registry, None


def _kind_of(sender_id: str) -> SenderKind | None:
    """By the form of the id, for senders of which nothing else could be read."""
    if re.match(BUREAU_ID, sender_id):
        return SenderKind.BUREAU
    return SenderKind.PLATFORM if re.match(PLATFORM_ID, sender_id) else None


def _shown(path: Path) -> str:
    return f"`{path.name}` in `{path.parent}`"
