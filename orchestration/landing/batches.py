"""Batches: a checked payload becomes one immutable Parquet file, and then one ledger entry.

    landing/<feed>/sender=<id>/<batch_id>.parquet        batch_id = <sender>-<feed>-<sequence of its entry, six digits>

Order of steps, so that a kill between any two leaves nothing that counts: files under a temporary name, fsync, rename,
entry. A file without an entry is no batch; the next landing for that sender takes its name again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import duckdb

from orchestration.landing.columns import landed_columns
from orchestration.landing.durable import UNFINISHED_SUFFIX, finish, make_folder, sha256_of, unfinished
from orchestration.landing.errors import cannot_write
from orchestration.landing.ledger import Appender, LedgerEntry, PeriodRows, UnknownColumnEntry
from orchestration.landing.quarantine import QUARANTINE_FOLDER, quarantine_file, write_quarantine
from orchestration.settings import SHANGHAI
from orchestration.sources.checking.contract import CheckedBatch, Terms
from orchestration.sources.payload import Payload
from orchestration.sql_text import literal, quoted

# Measured on learning records and registrations: level 1 takes a quarter less time to write than zstd's default, for a
# tenth more bytes; Parquet's second version and row groups of this size save another quarter and 15 % of the bytes. A
# column of more values than this in a row group gains nothing by a dictionary, which takes a fifth of the time to try.
LANDED_FORMAT = (
    "FORMAT parquet, PARQUET_VERSION V2, ROW_GROUP_SIZE 40960, DICTIONARY_SIZE_LIMIT 256, "
    "COMPRESSION zstd, COMPRESSION_LEVEL 1"
)
_SEQUENCE_IN_NAME = re.compile(r"-(\d{6,})\.parquet$")


def landed_file(sender_id: str, feed: str, batch_id: str) -> Path:
    """Relative to the landing folder."""
    return Path(feed) / f"sender={sender_id}" / f"{batch_id}.parquet"


def batch_id_of(sender_id: str, feed: str, sequence: int) -> str:
    return f"{sender_id}-{feed}-{sequence:06d}"


def isoformat(moment: datetime) -> str:
    """As the ledger writes times: ISO 8601 in Shanghai's offset."""
    return moment.astimezone(SHANGHAI).isoformat()


def write_batch(
    connection: duckdb.DuckDBPyConnection, landing_dir: Path, appender: Appender, checked: CheckedBatch, terms: Terms
) -> LedgerEntry:
    """Land `checked` (its tables are in `connection`) under the sender's lock. Raises LandingError."""
    payload = checked.payload
    batch_id = batch_id_of(payload.sender_id, payload.feed, appender.next_sequence)
    landed = landed_file(payload.sender_id, payload.feed, batch_id)
    refused = quarantine_file(payload.sender_id, payload.feed, batch_id) if checked.refused_rows_count else None
    columns = ", ".join(quoted(name) for name in landed_columns(checked.feed))

    def copy_landed(path: Path) -> None:
        query = f"SELECT {columns} FROM checked WHERE _faults = 0"
        connection.execute(f"COPY ({query}) TO {literal(str(path))} ({LANDED_FORMAT})")

    # The quarantine first: a landed file without its refused rows would hide them if the ledger were ever rebuilt.
    refused_sha256 = None
    if refused is not None:
        refused_sha256 = write_file(
            landing_dir / refused, lambda path: write_quarantine(connection, checked, batch_id, path)
        )
    landed_sha256 = write_file(landing_dir / landed, copy_landed)
    return appender.append(
        LedgerEntry(
            sequence=appender.next_sequence,
            kind="batch",
            batch_id=batch_id,
            periods=_periods(checked, terms),
            landed_file=landed.as_posix(),
            landed_file_sha256=landed_sha256,
            quarantine_file=refused.as_posix() if refused else None,
            quarantine_file_sha256=refused_sha256,
            rows_count=checked.rows_count,
            quarantined_rows_count=checked.refused_rows_count,
            **_about(payload, terms),
        )
    )


def write_pull(appender: Appender, payload: Payload, batch: LedgerEntry, terms: Terms) -> LedgerEntry:
    """Note that a whole pull brought the payload of `batch` again. Raises LandingError."""
    return appender.append(
        LedgerEntry(
            sequence=appender.next_sequence,
            kind="pull",
            batch_id=batch.batch_id,
            periods=batch.periods,
            landed_file=batch.landed_file,
            landed_file_sha256=batch.landed_file_sha256,
            rows_count=batch.rows_count,
            quarantined_rows_count=batch.quarantined_rows_count,
            **_about(payload, terms),
        )
    )


def write_file(path: Path, write: Callable[[Path], None]) -> str:
    """Have `write` fill a temporary file, then give it the name `path`, durably; its SHA-256. Raises LandingError."""
    make_folder(path.parent)
    part = unfinished(path)
    try:
        write(part)
        sha256 = sha256_of(part)
    except (duckdb.Error, OSError) as error:
        part.unlink(missing_ok=True)
        failure = cannot_write(path, error)
    else:
        finish(part, path)
        return sha256
    # Outside the handler: DuckDB's message may quote a row, and an error keeps the one it was raised under.
    raise failure


def sweep(landing_dir: Path, appender: Appender, feeds: list[str]) -> None:
    """Under the sender's lock, remove what a kill left of its next batch: unfinished files, and files without an entry.

    A file of an earlier sequence that no entry names isn't touched: it is evidence, and `verify` reports it.
    """
    sender_id = appender.chain.sender_id
    for feed in feeds:
        for folder in (landing_dir / feed, landing_dir / QUARANTINE_FOLDER / feed):
            for path in (folder / f"sender={sender_id}").glob("*"):
                is_next = sequence_in(path.name) == appender.next_sequence
                if is_next or path.name.endswith(UNFINISHED_SUFFIX):
                    path.unlink(missing_ok=True)


def sequence_in(file_name: str) -> int | None:
    """The sequence that a landed file's name carries; None for any other file."""
    found = _SEQUENCE_IN_NAME.search(file_name)
    return int(found.group(1)) if found else None


def _periods(checked: CheckedBatch, terms: Terms) -> dict[str, PeriodRows]:
    counts = checked.periods or {_period_of_nothing(checked.payload, terms): (0, 0)}
    return {start.isoformat(): PeriodRows(*rows) for start, rows in sorted(counts.items())}


def _period_of_nothing(payload: Payload, terms: Terms) -> date:
    """Where a batch without rows counts: in its own period, a platform's file in the latest one ended by the clock."""
    if payload.period_start is not None:
        return payload.period_start
    ended = [period.start for period in terms.periods if period.closes_at <= terms.now]
    return ended[-1] if ended else terms.periods[0].start


def _about(payload: Payload, terms: Terms) -> dict:
    return {
        "sender_id": payload.sender_id,
        "feed": payload.feed,
        "period_start": payload.period_start.isoformat() if payload.period_start else None,
        "payload_sha256": payload.payload_sha256,
        "received_at": isoformat(terms.now),
        "began_at": isoformat(payload.began_at),
        "window_from": isoformat(payload.window_from) if payload.window_from else None,
        "window_to": isoformat(payload.window_to) if payload.window_to else None,
        "is_whole": payload.is_whole,
        "source_name": payload.source_name,
        "bytes_count": payload.bytes_count,
        "key_id": terms.pseudonymiser.key_id,
        "unknown_columns": [
            UnknownColumnEntry(column.name, column.type, column.filled_share) for column in payload.unknown_columns
        ],
    }
