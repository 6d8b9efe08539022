"""Keeping out who was erased, where a payload is landed again: by a replay, or under another pseudonym key.

    entries of the payload, an erasure among them → positions that its newest batch still holds → no others land

The ledger says nothing of whom an erasure took out. But the same bytes have the same positions, and a row that stands
neither in the newest batch's landed file nor in its quarantine file is one that was erased.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb

from orchestration.landing.ledger import LedgerEntry
from orchestration.sources.checking.contract import CheckedBatch, keep_rows
from orchestration.sources.errors import PermanentSourceError
from orchestration.sources.payload import POSITION
from orchestration.sql_text import literal


def leave_out_erased(
    connection: duckdb.DuckDBPyConnection, landing_dir: Path, entries: Iterable[LedgerEntry], checked: CheckedBatch
) -> CheckedBatch:
    """`checked` without the rows that were erased from this payload. `entries`: the sender's, oldest first.

    Raises PermanentSourceError where what the erasure left can't be read any more.
    """
    payload = checked.payload
    same = [entry for entry in entries if entry.feed == payload.feed and entry.payload_sha256 == payload.payload_sha256]
    if not any(entry.kind == "erasure" and entry.quarantine_file is None for entry in same):
        return checked
    newest = next(entry for entry in reversed(same) if entry.kind == "batch")
    held = [f"SELECT {POSITION} FROM read_parquet({literal(str(landing_dir / newest.landed_file))})"]
    if newest.quarantine_file:
        held.append(f"SELECT position FROM read_parquet({literal(str(landing_dir / newest.quarantine_file))})")
    try:
        return keep_rows(connection, checked, " UNION ALL ".join(held))
    except duckdb.IOException:
        message = (
            f"somebody was erased from this payload, and the files of {newest.batch_id}, which tell what stays, can't "
            "be read; restore landing from a copy (`warehouse verify` lists what is missing)"
        )
    raise PermanentSourceError(payload.sender_id, payload.feed, payload.source_name, message)
