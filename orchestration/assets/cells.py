"""One cell of landing, period × sender of a feed: what is recorded of it, in a run and beside one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from dagster import (
    AssetMaterialization,
    AssetObservation,
    MultiPartitionKey,
    TableColumn,
    TableColumnConstraints,
    TableSchema,
)

from orchestration.assets.flow import landing_key
from orchestration.assets.tables import table
from orchestration.landing.columns import landed_columns
from orchestration.landing.ledger import Ledger, LedgerEntry
from orchestration.landing.pull import Trouble
from orchestration.partitions import cell_key
from orchestration.sources.feeds import Feed

LEDGER_SEQUENCE = "ledger_sequence"

# Columns that no sender sends: what stands in the place of personal fields, and where a row came from.
_IN_PLACE = {
    "_position": "Row number in the delivered file, or running number over all pages of the pull; header not counted.",
    "_period_start": "First day of the period that the row belongs to.",
    "_extra": "Values of columns outside the contract that the sender's column map lists as non-personal; JSON text.",
    "registration_sk": "63-bit integer for platform and registration_id, to join on.",
    "person_sk": "63-bit integer for the person, to join on; from person_key.",
    "person_key": "Keyed pseudonym of the person, in place of id_type and id number.",
    "birth_year": "From the id number, before that was dropped.",
    "sex": "From the id number, before that was dropped.",
    "learner_name_masked": "Surname and an asterisk, in place of the name.",
    "phone_last4": "Last four digits, in place of the phone.",
    "client_ip_key": "Keyed pseudonym, in place of the address.",
}


@dataclass
class Cell:
    """What became of one period × sender of a feed: in a run, or beside Dagster.

    `was_left`: not asked, because its report had come before.
    """

    period_key: str
    sender_id: str
    entries: list[LedgerEntry] = field(default_factory=list)
    troubles: list[Trouble | str] = field(default_factory=list)
    was_asked: bool = False
    was_left: bool = False

    @property
    def key(self) -> MultiPartitionKey:
        return cell_key(self.period_key, self.sender_id)


def landed_schema(feed: Feed) -> TableSchema:
    """The columns of a landed file, as Dagster shows them."""
    required = {field.name for field in feed.fields if field.required}
    return TableSchema(
        [
            TableColumn(name, kind, _IN_PLACE.get(name), TableColumnConstraints(nullable=name not in required))
            for name, kind in landed_columns(feed).items()
        ]
    )


def concerns(entry: LedgerEntry, cell: Cell) -> bool:
    """Whether an entry is of the cell's period, as a whole or by one of its rows."""
    return cell.period_key in periods_of(entry)


def periods_of(entry: LedgerEntry) -> set[str]:
    """The periods that an entry is of, as a whole or by one of its rows."""
    return {*entry.periods, *filter(None, (entry.period_start,))}


def materialization(feed: Feed, cell: Cell, ledger: Ledger) -> AssetMaterialization:
    """What Dagster is told of a cell: what came with `cell.entries`, and what of it has landed at all."""
    batches = [entry for entry in cell.entries if entry.kind == "batch"]
    landed = [
        entry
        for entry in ledger.entries(cell.sender_id)
        if entry.kind == "batch" and entry.feed == feed.name and concerns(entry, cell)
    ]
    metadata: dict[str, Any] = {
        "delivery": _delivery(cell, batches, landed),
        "rows": sum(_rows(entry, cell) for entry in batches),
        "quarantined": sum(_quarantined(entry, cell) for entry in batches),
        "bytes": sum(entry.bytes_count for entry in batches),
        "batches": ", ".join(entry.batch_id for entry in batches) or "none",
        # Up to where this record knows the ledger; what stands behind it was landed by someone else since.
        LEDGER_SEQUENCE: ledger.head(cell.sender_id).sequence,
        "dagster/row_count": sum(_rows(entry, cell) for entry in landed),
        "dagster/column_schema": landed_schema(feed),
    }
    if windows := [entry for entry in batches if entry.window_to]:
        newest = windows[-1]
        metadata["window"] = f"{newest.window_from or 'the beginning'} to {newest.window_to}"
        metadata["window_is_whole"] = newest.is_whole
    unknown = [
        (entry.batch_id, column.name, column.type, column.filled_share)
        for entry in batches
        for column in entry.unknown_columns
    ]
    if unknown:
        columns = {"batch": "string", "column": "string", "type": "string", "filled_share": "float"}
        metadata["unknown_columns"] = table(columns, unknown)
    return AssetMaterialization(landing_key(feed.name), partition=cell.key, metadata=metadata)


def observation(feed: Feed, cell: Cell, ledger: Ledger) -> AssetObservation:
    """What is noted of a cell that stays red although some of it has landed."""
    batches = [entry.batch_id for entry in cell.entries if entry.kind == "batch"]
    metadata: dict[str, Any] = {
        "delivery": f"landed before or beside the trouble: {', '.join(batches)}",
        LEDGER_SEQUENCE: ledger.head(cell.sender_id).sequence,
    }
    return AssetObservation(landing_key(feed.name), partition=cell.key, metadata=metadata)


def _delivery(cell: Cell, batches: Sequence[LedgerEntry], landed: Sequence[LedgerEntry]) -> str:
    if cell.was_left:
        return "not asked again; it had come before"
    if batches:
        return f"{len(batches)} new batch{'es' * (len(batches) > 1)}"
    if landed:
        return f"nothing new; {len(landed)} batch{'es' * (len(landed) > 1)} landed before"
    return "nothing delivered so far" if cell.was_asked else "this sender does not send this feed (registry)"


def _rows(entry: LedgerEntry, cell: Cell) -> int:
    counted = entry.periods.get(cell.period_key)
    return counted.rows if counted else 0


def _quarantined(entry: LedgerEntry, cell: Cell) -> int:
    counted = entry.periods.get(cell.period_key)
    return counted.quarantined if counted else 0
