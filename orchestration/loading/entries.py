"""Ledger entries as rows of raw.ledger and raw.ledger_periods, and which batches they ask to be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.landing.columns import landed_columns
from orchestration.landing.ledger import LedgerEntry
from orchestration.loading.database import wall_time
from orchestration.loading.raw_schema import LEDGER_COLUMNS, LEDGER_PERIOD_COLUMNS
from orchestration.sources.feeds import FEEDS

# Filled by `choose_batches`: what the rest of a load reads, one row a batch.
BATCHES_TO_READ = "batches_to_read"
# Filled by `note_what_came_before`.
CAME_BEFORE = "came_before"


def insert_entries(connection: duckdb.DuckDBPyConnection, entries: Sequence[LedgerEntry]) -> None:
    """Add `entries` to raw.ledger and raw.ledger_periods."""
    flat = {
        name: [_CONVERTERS.get(kind, _as_it_is)(getattr(entry, name)) for entry in entries]
        for name, kind in LEDGER_COLUMNS.items()
    }
    _insert(connection, "ledger", LEDGER_COLUMNS, flat)
    by_period = [(entry, key, rows) for entry in entries for key, rows in entry.periods.items()]
    periods: dict[str, list[Any]] = {
        "sender_id": [entry.sender_id for entry, _, _ in by_period],
        "sequence": [entry.sequence for entry, _, _ in by_period],
        "batch_id": [entry.batch_id for entry, _, _ in by_period],
        "feed": [entry.feed for entry, _, _ in by_period],
        "period_start": [date.fromisoformat(key) for _, key, _ in by_period],
        "rows_count": [rows.rows for _, _, rows in by_period],
        "quarantined_rows_count": [rows.quarantined for _, _, rows in by_period],
    }
    _insert(connection, "ledger_periods", LEDGER_PERIOD_COLUMNS, periods)


def note_what_came_before(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the temporary table CAME_BEFORE: for each batch the earlier ones of its sender that held the same data.

    Columns: batch_id, earlier_batch_id, feed, is_same_payload. The same data is the same payload, landed anew by a
    replay or under another pseudonym key; of a feed with persons, by rest and xapi, also another pull of that window
    under another key.
    """
    with_persons = [feed.name for feed in FEEDS.values() if "person_key" in landed_columns(feed)]
    columns = "later.batch_id, earlier.batch_id as earlier_batch_id, feed"
    pairs = """
        from raw.ledger as later
        inner join raw.ledger as earlier using (kind, sender_id, feed, {same})
        where kind = 'batch' and later.sequence > earlier.sequence
    """
    connection.execute(
        f"""
        create or replace temporary table {CAME_BEFORE} as
        select {columns}, true as is_same_payload
        {pairs.format(same="payload_sha256")}
            and (later.period_start is not distinct from earlier.period_start or later.key_id <> earlier.key_id)
        union all
        select {columns}, false
        {pairs.format(same="period_start")}
            and later.payload_sha256 <> earlier.payload_sha256 and later.key_id <> earlier.key_id
            and later.window_to is not null and list_contains($with_persons::varchar[], feed)
        """,
        {"with_persons": with_persons},
    )


def choose_batches(connection: duckdb.DuckDBPyConnection, entries: Sequence[LedgerEntry]) -> None:
    """Make the temporary table BATCHES_TO_READ: the new batches, those that an erasure among `entries` rewrote, and
    what came before these, which says when their rows came.

    Columns: batch_id, sender_id, feed, sequence, received_at (both of the batch's own entry), landed_file,
    quarantine_file (null without one), is_rewritten.
    """
    wanted = [entry.batch_id for entry in entries if entry.kind in ("batch", "erasure")]
    rewritten = [entry.batch_id for entry in entries if entry.kind == "erasure"]
    connection.execute(
        f"""
        create or replace temporary table {BATCHES_TO_READ} as
        with
        rewritten as (
            select unnest($rewritten::varchar[]) as batch_id
            union
            select earlier_batch_id from {CAME_BEFORE} where list_contains($rewritten::varchar[], batch_id)
        )
        select batch_id, sender_id, feed, sequence, received_at, landed_file, quarantine_file,
            batch_id in (from rewritten) as is_rewritten
        from raw.ledger
        where kind = 'batch' and (list_contains($wanted::varchar[], batch_id) or batch_id in (from rewritten))
        """,
        {"wanted": wanted, "rewritten": rewritten},
    )


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, columns: dict[str, str], values: dict[str, list[Any]]
) -> None:
    schema = pa.schema([(name, _ARROW[kind]) for name, kind in columns.items()])
    connection.register("incoming", pa.table({name: values[name] for name in columns}, schema=schema))
    connection.execute(f"insert into raw.{table} by name select * from incoming")
    connection.unregister("incoming")


def _moment(text: str | None) -> datetime | None:
    return wall_time(datetime.fromisoformat(text)) if text else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _as_it_is(value: Any) -> Any:
    return value


_CONVERTERS: dict[str, Callable[[Any], Any]] = {"TIMESTAMP": _moment, "DATE": _day}
_ARROW = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
}
