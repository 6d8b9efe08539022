"""What was landed beside Dagster (`warehouse pull`, `build`, `quarantine replay`) shows in the partition grid, once.

A run records its cells itself, with how far the sender's ledger had come (`ledger_sequence`). Whatever stands behind
that was written by someone else, and is reported here as an event without a run. A cell that a run left red because
of trouble keeps its colour: what the run had landed of it is noted with it (assets/landing.py).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence

from dagster import (
    AssetKey,
    AssetMaterialization,
    AssetRecordsFilter,
    DagsterEventType,
    DagsterInstance,
    DefaultSensorStatus,
    EventLogRecord,
    MetadataValue,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    sensor,
)

from orchestration.assets.cells import LEDGER_SEQUENCE, Cell, materialization, periods_of
from orchestration.assets.flow import landing_key
from orchestration.landing.errors import LandingError
from orchestration.landing.ledger import Ledger, LedgerEntry, read_ledger
from orchestration.partitions import Roster
from orchestration.resources import Warehouse
from orchestration.sensors.runs import GOING_ON, landing_runs, names_of
from orchestration.sources.feeds import FEEDS, SenderKind

_LOOK_SECONDS = 60
# More would keep the daemon from its other sensors; the next tick goes on.
_MOST_CELLS = 1_000
_BESIDE = "beside Dagster, by the `warehouse` command"

Cells = dict[str, dict[str, Cell]]  # feed -> partition key -> the cell with its new entries


def partitions_sensor(roster: Roster, warehouse: Warehouse) -> SensorDefinition:
    """Reports each cell that something was landed for outside any run."""

    @sensor(
        name="partitions_follow_ledgers",
        minimum_interval_seconds=_LOOK_SECONDS,
        default_status=DefaultSensorStatus.RUNNING,
        description="Shows in the partition grid what was landed beside Dagster, for example by `warehouse pull`, with "
        "the same metadata as a run records. Starts nothing.",
    )
    def partitions_follow_ledgers(context: SensorEvaluationContext) -> SensorResult:
        if going_on := landing_runs(context.instance, GOING_ON):
            return _skip(f"Landing goes on in {names_of(going_on)}, which records its own partitions.", context.cursor)
        ledger = read_ledger(warehouse.settings.landing_dir)
        looked_until: dict[str, int] = json.loads(context.cursor) if context.cursor else {}
        cells: Cells = {}
        damaged = []
        for sender_id in _senders(roster, ledger):
            try:
                entries = ledger.entries(sender_id)
            except LandingError:
                # Its pull and `warehouse verify` say what is wrong.
                damaged.append(sender_id)
                continue
            if sum(len(own) for own in cells.values()) >= _MOST_CELLS:
                break
            _collect(cells, roster, entries[looked_until.get(sender_id, 0) :])
            looked_until[sender_id] = len(entries)
        cursor = json.dumps(looked_until)
        events = list(_unreported(context.instance, cells, ledger))
        if events:
            context.log.info("%d partitions landed beside Dagster are in the grid now", len(events))
            return SensorResult(asset_events=events, cursor=cursor)
        told = f" The ledger of {', '.join(damaged)} is damaged; see `warehouse verify`." if damaged else ""
        return _skip(f"Every batch of the ledgers is in the grid.{told}", cursor)

    return partitions_follow_ledgers


def _senders(roster: Roster, ledger: Ledger) -> list[str]:
    known = {sender_id for kind in SenderKind for sender_id in roster.sender_ids(kind)}
    return [sender_id for sender_id in ledger.sender_ids() if sender_id in known]


def _collect(cells: Cells, roster: Roster, entries: Sequence[LedgerEntry]) -> None:
    periods = {period.key for period in roster.periods}
    for entry in entries:
        if entry.kind not in ("batch", "pull") or entry.feed not in FEEDS:
            continue
        for period_key in periods_of(entry) & periods:
            cell = Cell(period_key, entry.sender_id, was_asked=True)
            cells.setdefault(entry.feed, {}).setdefault(str(cell.key), cell).entries.append(entry)


def _unreported(instance: DagsterInstance, cells: Cells, ledger: Ledger) -> Iterator[AssetMaterialization]:
    for feed, own in cells.items():
        recorded = _recorded(instance, landing_key(feed), own)
        for partition, cell in sorted(own.items()):
            cell.entries = [entry for entry in cell.entries if entry.sequence > recorded.get(partition, 0)]
            if cell.entries:
                event = materialization(FEEDS[feed], cell, ledger)
                yield event.with_metadata({**event.metadata, "landed": MetadataValue.md(_BESIDE)})


def _recorded(instance: DagsterInstance, key: AssetKey, partitions: Collection[str]) -> Mapping[str, int]:
    """How far the ledger had come when each partition was last recorded, green or red."""
    found: dict[str, int] = {}
    for kind, fetch in (
        (DagsterEventType.ASSET_MATERIALIZATION, instance.fetch_materializations),
        (DagsterEventType.ASSET_OBSERVATION, instance.fetch_observations),
    ):
        ids = list(instance.get_latest_storage_id_by_partition(key, kind, set(partitions)).values())
        if not ids:
            continue
        for record in fetch(AssetRecordsFilter(key, storage_ids=ids), limit=len(ids)).records:
            partition = record.partition_key or ""
            found[partition] = max(found.get(partition, 0), _sequence(record))
    return found


def _sequence(record: EventLogRecord) -> int:
    event = record.asset_materialization or record.event_log_entry.asset_observation
    told = event.metadata.get(LEDGER_SEQUENCE) if event else None
    return told.value if told is not None and isinstance(told.value, int) else 0


def _skip(reason: str, cursor: str | None) -> SensorResult:
    return SensorResult(skip_reason=reason, cursor=cursor)
