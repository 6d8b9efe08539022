"""The senders as Dagster sees them: not made here, only listed, so that lineage begins where the data does."""

from __future__ import annotations

from collections.abc import Sequence

from dagster import AssetSpec, MetadataValue

from orchestration.assets.flow import BUREAUS_KEY, OWNERS, PLATFORMS_KEY, SENDERS_GROUP
from orchestration.assets.tables import table
from orchestration.partitions import Roster
from orchestration.sources.registry.senders import Sender

_COLUMNS = {
    "sender": "string",
    "name": "string",
    "connectors": "string",
    "feeds": "string",
    "due every period": "string",
}


def sender_specs(roster: Roster) -> list[AssetSpec]:
    """The registry's platforms and bureaus, one external asset each, with who they are in a table."""
    return [
        _spec(
            roster,
            PLATFORMS_KEY,
            roster.registry.platforms,
            "The online training platforms of the registry. Each sends its courses, registrations, learning records, "
            "certificates and reminders; a pull asks each of them for one period.",
        ),
        _spec(
            roster,
            BUREAUS_KEY,
            roster.registry.bureaus,
            "The provincial bureaus of the registry. Each files its biweekly dispatch report, rosters, institutions, "
            "projects, payments and penalties into its inbox, in the folder of the period.",
        ),
    ]


def _spec(roster: Roster, key: object, senders: Sequence[Sender], description: str) -> AssetSpec:
    rows = [
        (
            sender.id,
            sender.name,
            ", ".join(sorted({feed.connector for feed in sender.feeds.values()})),
            ", ".join(sender.feeds),
            ", ".join(name for name, feed in sender.feeds.items() if feed.due_every_period),
        )
        for sender in senders
    ]
    metadata: dict[str, object] = {"senders_count": len(rows), "senders": table(_COLUMNS, rows)}
    if roster.explanation:
        metadata["problem"] = MetadataValue.md(roster.explanation)
        description = f"**{roster.explanation}**\n\n{description}"
    return AssetSpec(
        key,  # type: ignore[arg-type]
        description=description,
        group_name=SENDERS_GROUP,
        kinds={"external"},
        owners=OWNERS,
        metadata=metadata,
    )
