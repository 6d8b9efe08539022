"""A landing folder that a test fills itself, as landing would: Parquet first, then the ledger entry."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.landing.columns import landed_columns
from orchestration.landing.ledger import Ledger, LedgerEntry, PeriodRows
from orchestration.settings import Settings
from orchestration.sources.feeds import FEEDS

QUARANTINED = (
    "batch_id varchar, sender_id varchar, feed varchar, payload_sha256 varchar, source_name varchar, "
    "position bigint, period_start date, field varchar, reason varchar, row_masked varchar"
)


class Landing:
    """`settings` are of a warehouse of its own."""

    def __init__(self, root: Path) -> None:
        self.settings = Settings.from_environment(
            {**os.environ, "WAREHOUSE_DIR": str(root), "WAREHOUSE_THREADS": "2", "WAREHOUSE_MEMORY_LIMIT": "1GB"}
        )
        self.folder = self.settings.landing_dir

    def batch(
        self,
        sender_id: str,
        feed: str,
        *rows: Mapping[str, Any],
        quarantined: int = 0,
        without_columns: tuple[str, ...] = (),
        **about: Any,
    ) -> LedgerEntry:
        """Land literal rows; fields that a row does not name are null. `about` overrides the entry's own fields."""
        columns = {name: kind for name, kind in landed_columns(FEEDS[feed]).items() if name not in without_columns}
        with Ledger(self.folder).appending(sender_id) as appender:
            batch_id = f"{sender_id}-{feed}-{appender.next_sequence:06d}"
            landed_file = f"{feed}/sender={sender_id}/{batch_id}.parquet"
            quarantine_file = f"_quarantine/{feed}/sender={sender_id}/{batch_id}.parquet" if quarantined else None
            numbered = [{"_position": number, **row} for number, row in enumerate(rows, start=1)]
            write_parquet(self.folder / landed_file, columns, numbered)
            if quarantine_file:
                refused = [
                    {"batch_id": batch_id, "sender_id": sender_id, "feed": feed, "position": position}
                    | {"period_start": "2020-03-23", "reason": "bad_type", "row_masked": "{}"}
                    for position in range(100, 100 + quarantined)
                ]
                write_parquet(self.folder / quarantine_file, _types(QUARANTINED), refused)
            facts: dict[str, Any] = {
                "sequence": 0,
                "kind": "batch",
                "batch_id": batch_id,
                "sender_id": sender_id,
                "feed": feed,
                "periods": {"2020-03-23": PeriodRows(len(rows), quarantined)},
                "payload_sha256": batch_id,
                "landed_file": landed_file,
                "landed_file_sha256": "",
                "quarantine_file": quarantine_file,
                "rows_count": len(rows),
                "quarantined_rows_count": quarantined,
                "received_at": "2020-04-06T09:00:00+08:00",
                "began_at": "2020-04-06T08:59:00+08:00",
                "is_whole": True,
                "source_name": "r.csv",
                "bytes_count": 1,
                "key_id": "k1",
            }
            return appender.append(LedgerEntry(**facts | about))

    def note(self, kind: str, of: LedgerEntry, **about: Any) -> LedgerEntry:
        """An entry that brings no file of its own: a `pull` or an `erasure` of a batch."""
        facts = {name: getattr(of, name) for name in LedgerEntry.__struct_fields__}
        with Ledger(self.folder).appending(of.sender_id) as appender:
            return appender.append(LedgerEntry(**facts | {"kind": kind} | about))

    def rewrite(self, entry: LedgerEntry, *rows: Mapping[str, Any]) -> None:
        """What an erasure does to a landed file."""
        numbered = [{"_position": number, **row} for number, row in enumerate(rows, start=1)]
        write_parquet(self.folder / entry.landed_file, landed_columns(FEEDS[entry.feed]), numbered)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.settings.database_path), read_only=True) as connection:
            return connection.execute(query).fetchall()


def write_parquet(path: Path, columns: Mapping[str, str], rows: list[dict[str, Any]]) -> None:
    """Write literal rows with these DuckDB types."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(":memory:") as connection:
        listed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        connection.execute(f"create table t ({listed})")
        for row in rows:
            names = ", ".join(f'"{name}"' for name in row)
            marks = ", ".join("?" for _ in row)
            connection.execute(f"insert into t ({names}) values ({marks})", list(row.values()))
        connection.execute(f"copy t to '{path}' (format parquet)")


def _types(listed: str) -> dict[str, str]:
    return dict(column.split(" ") for column in listed.split(", "))


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path / "warehouse")
