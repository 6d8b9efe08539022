"""Campaign and registry as rows of raw: the newest landed ones replace what was there."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from orchestration import calendar
from orchestration.calendar import Period
from orchestration.campaign import Campaign, CampaignError, load_campaign
from orchestration.landing.configuration import CAMPAIGN_NAME, REGISTRY_NAME, landed_configuration, landed_registries
from orchestration.loading.database import LoadingError, wall_time
from orchestration.loading.raw_schema import CONFIG_TABLES
from orchestration.settings import SHANGHAI, Settings
from orchestration.sources.registry.load import load_registry
from orchestration.sources.registry.senders import Registry, RegistryError

logger = logging.getLogger(__name__)

NATION = "000000"
# The first registry landed holds for all that was received before it, too.
_BEGINNING = datetime(1900, 1, 1, tzinfo=SHANGHAI)


def replace_configuration(
    settings: Settings, connection: duckdb.DuckDBPyConnection, received_by: datetime | None = None
) -> None:
    """Put the newest landed registry and campaign (or the newest received by that moment) in the place of the last.

    Raises LoadingError where they can't be read any more.
    """
    contents = landed_configuration(settings.landing_dir, received_by)
    try:
        if CAMPAIGN_NAME in contents:
            with _as_file(CAMPAIGN_NAME, contents[CAMPAIGN_NAME]) as path:
                campaign = load_campaign(path)
            replace_campaign(connection, campaign, calendar.periods(campaign))
        if REGISTRY_NAME in contents:
            registry = _registry(contents[REGISTRY_NAME])
            replace_senders(connection, registry)
            *earlier, (received_at, _) = landed_registries(settings.landing_dir, received_by)
            replace_sender_versions(connection, [*_readable(earlier), (received_at, registry)])
    except (CampaignError, RegistryError) as error:
        raise LoadingError(f"the landed configuration can't be read: {error}") from None


def _registry(content: str) -> Registry:
    # Whether a secret is set today says nothing about the registry that was landed, and neither does a column
    # map that has gone since: only who was registered, and for what, is kept.
    with _as_file(REGISTRY_NAME, content) as path:
        return load_registry(path, lambda _: "set", lenient=True)


def _readable(registries: Iterable[tuple[datetime, str]]) -> Iterator[tuple[datetime, Registry]]:
    """The registries of the past less those that today's rules refuse: the one before stands for each."""
    for received_at, content in registries:
        try:
            yield received_at, _registry(content)
        except RegistryError as error:
            logger.warning(
                "the registry landed at %s can't be read any more and is passed over: %s", received_at, error
            )


@contextmanager
def _as_file(name: str, content: str) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_text(content, encoding="utf-8")
        yield path


def replace_campaign(connection: duckdb.DuckDBPyConnection, campaign: Campaign, periods: Sequence[Period]) -> None:
    """Replace config_campaign, config_periods, config_targets and config_key_region_sets."""
    replace_rows(
        connection,
        "config_campaign",
        [campaign.model_dump(include=set(CONFIG_TABLES["config_campaign"]))],
    )
    replace_rows(
        connection,
        "config_periods",
        [
            {
                "period_start": period.start,
                "period_end": period.end,
                "period_number": period.number,
                "due_at": wall_time(period.due_at),
            }
            for period in periods
        ],
    )
    names = {target.target_code: (target.unit, target.name_zh) for target in campaign.targets}
    national = [(target.target_code, NATION, target.value) for target in campaign.targets]
    provincial = [(target.target_code, target.province_code, target.value) for target in campaign.province_targets]
    replace_rows(
        connection,
        "config_targets",
        [
            {
                "target_code": code,
                "province_code": province,
                "target_value": value,
                "unit": names.get(code, (None, None))[0],
                "name_zh": names.get(code, (None, None))[1],
            }
            for code, province, value in (*national, *provincial)
        ],
    )
    replace_rows(connection, "config_key_region_sets", [item.model_dump() for item in campaign.key_region_sets])


def replace_rows(connection: duckdb.DuckDBPyConnection, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Empty a config table and fill it anew; a config table has tens of rows, never data."""
    columns = CONFIG_TABLES[table]
    connection.execute(f"delete from raw.{table}")
    values = [[row.get(name) for name in columns] for row in rows]
    if values:
        marks = ", ".join("?" for _ in columns)
        connection.executemany(f"insert into raw.{table} values ({marks})", values)


def replace_senders(connection: duckdb.DuckDBPyConnection, registry: Registry) -> None:
    """Replace config_senders and config_sender_feeds."""
    replace_rows(
        connection,
        "config_senders",
        [
            {
                "sender_id": sender.id,
                "sender_kind": sender.kind.value,
                "name": sender.name,
                "ministry_affiliated": getattr(sender, "ministry_affiliated", False),
                "selected_from": getattr(sender, "selected_from", None),
                "selected_to": getattr(sender, "selected_to", None),
                "selected_by": getattr(sender, "selected_by", None),
            }
            for sender in registry.senders
        ],
    )
    replace_rows(
        connection,
        "config_sender_feeds",
        [
            {
                "sender_id": sender.id,
                "feed": feed,
                "connector": source.connector,
                "is_snapshot": source.snapshot,
                "is_due_every_period": source.due_every_period,
            }
            for sender in registry.senders
            for feed, source in sender.feeds.items()
        ],
    )


def replace_sender_versions(
    connection: duckdb.DuckDBPyConnection, registries: Sequence[tuple[datetime, Registry]]
) -> None:
    """Replace config_sender_versions: what each registry (received at, oldest first) said of a sender's selection.

    A sender that says the same as before keeps its row; one that a later registry lacks is known until then.
    """
    versions: list[dict[str, Any]] = []
    current: dict[str, dict[str, Any]] = {}
    for number, (received_at, registry) in enumerate(registries):
        moment = wall_time(received_at if number else _BEGINNING)
        said = {
            sender.id: {
                "sender_id": sender.id,
                "sender_kind": sender.kind.value,
                "selected_from": getattr(sender, "selected_from", None),
                "selected_to": getattr(sender, "selected_to", None),
                "selected_by": getattr(sender, "selected_by", None),
            }
            for sender in registry.senders
        }
        for sender_id, version in list(current.items()):
            if {name: version[name] for name in version if not name.startswith("known_")} != said.get(sender_id):
                version["known_to"] = moment
                del current[sender_id]
        for sender_id, fields in said.items():
            if sender_id not in current:
                current[sender_id] = fields | {"known_from": moment, "known_to": None}
                versions.append(current[sender_id])
    replace_rows(connection, "config_sender_versions", versions)
