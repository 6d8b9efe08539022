"""What every table of the schema `raw` looks like, whether or not anything has been landed.

A feed's table is its landed columns (`landing/columns.py`) beside those that say which batch brought the row.
"""

from __future__ import annotations

import duckdb

from orchestration.landing.columns import landed_columns
from orchestration.sources.feeds import FEEDS

# Where a row came from: the batch that brought it. The rest of a feed's table stands in the landed file.
ORIGIN_COLUMNS = {
    "sender_id": "VARCHAR",
    "_batch_id": "VARCHAR",
    "_ledger_sequence": "BIGINT",
    "_received_at": "TIMESTAMP",
}

LEDGER_COLUMNS = {
    "sender_id": "VARCHAR",
    "sequence": "BIGINT",
    "kind": "VARCHAR",
    "batch_id": "VARCHAR",
    "feed": "VARCHAR",
    "period_start": "DATE",
    "payload_sha256": "VARCHAR",
    "landed_file": "VARCHAR",
    "landed_file_sha256": "VARCHAR",
    "erased_file_sha256": "VARCHAR",
    "quarantine_file": "VARCHAR",
    "rows_count": "BIGINT",
    "quarantined_rows_count": "BIGINT",
    "received_at": "TIMESTAMP",
    "began_at": "TIMESTAMP",
    "window_from": "TIMESTAMP",
    "window_to": "TIMESTAMP",
    "is_whole": "BOOLEAN",
    "source_name": "VARCHAR",
    "bytes_count": "BIGINT",
    "key_id": "VARCHAR",
    "previous_sha256": "VARCHAR",
}
LEDGER_PERIOD_COLUMNS = {
    "sender_id": "VARCHAR",
    "sequence": "BIGINT",
    "batch_id": "VARCHAR",
    "feed": "VARCHAR",
    "period_start": "DATE",
    "rows_count": "BIGINT",
    "quarantined_rows_count": "BIGINT",
}
QUARANTINE_COLUMNS = {
    "batch_id": "VARCHAR",
    "sender_id": "VARCHAR",
    "feed": "VARCHAR",
    "payload_sha256": "VARCHAR",
    "source_name": "VARCHAR",
    "position": "BIGINT",
    "period_start": "DATE",
    "field": "VARCHAR",
    "reason": "VARCHAR",
    "record_key": "VARCHAR",
}
CONTROL_COLUMNS = {"clock": "TIMESTAMP", "run_id": "VARCHAR"}
CONFIG_TABLES: dict[str, dict[str, str]] = {
    "config_campaign": {
        "code": "VARCHAR",
        "name_zh": "VARCHAR",
        "name_en": "VARCHAR",
        "first_day": "DATE",
        "last_day": "DATE",
        "calendar_last_day": "DATE",
        "cadence_days": "INTEGER",
        "study_record_cut_hours": "INTEGER",
    },
    "config_periods": {
        "period_start": "DATE",
        "period_end": "DATE",
        "period_number": "INTEGER",
        "due_at": "TIMESTAMP",
    },
    "config_targets": {
        "target_code": "VARCHAR",
        "province_code": "VARCHAR",
        "target_value": "BIGINT",
        "unit": "VARCHAR",
        "name_zh": "VARCHAR",
    },
    "config_key_region_sets": {"region_set": "VARCHAR", "name_zh": "VARCHAR", "kind": "VARCHAR"},
    "config_senders": {
        "sender_id": "VARCHAR",
        "sender_kind": "VARCHAR",
        "name": "VARCHAR",
        "ministry_affiliated": "BOOLEAN",
        "selected_from": "DATE",
        "selected_to": "DATE",
        "selected_by": "VARCHAR",
    },
    # The registry of every landing: what was known of a sender from one moment (inclusive) to another (null: still is).
    "config_sender_versions": {
        "sender_id": "VARCHAR",
        "sender_kind": "VARCHAR",
        "selected_from": "DATE",
        "selected_to": "DATE",
        "selected_by": "VARCHAR",
        "known_from": "TIMESTAMP",
        "known_to": "TIMESTAMP",
    },
    "config_sender_feeds": {
        "sender_id": "VARCHAR",
        "feed": "VARCHAR",
        "connector": "VARCHAR",
        "is_snapshot": "BOOLEAN",
        "is_due_every_period": "BOOLEAN",
    },
}


def raw_tables() -> dict[str, dict[str, str]]:
    """Every table of the schema `raw`: name → (column → DuckDB type)."""
    feeds = {name: {**ORIGIN_COLUMNS, **landed_columns(feed)} for name, feed in FEEDS.items()}
    return {
        **feeds,
        "ledger": LEDGER_COLUMNS,
        "ledger_periods": LEDGER_PERIOD_COLUMNS,
        "quarantine": QUARANTINE_COLUMNS,
        "control": CONTROL_COLUMNS,
        **CONFIG_TABLES,
    }


def create_raw_schema(connection: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing of the schema `raw`; a column new in the contract is added to its table."""
    connection.execute("create schema if not exists raw")
    there = {
        (table, column)
        for table, column in connection.execute(
            "select table_name, column_name from duckdb_columns() where schema_name = 'raw' and not internal"
        ).fetchall()
    }
    known = {table for table, _ in there}
    for table, columns in raw_tables().items():
        if table not in known:
            listed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
            connection.execute(f"create table raw.{table} ({listed})")
            continue
        for name, kind in columns.items():
            if (table, name) not in there:
                connection.execute(f'alter table raw.{table} add column "{name}" {kind}')
