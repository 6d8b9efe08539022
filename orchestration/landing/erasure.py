"""Erasing a person from what was landed: the files concerned are rewritten, and the ledger says so and nothing more.

    person_key → the person's rows, and those of their registrations, out of every landed file → `erasure` entries

Order of steps for one file: the rewritten file beside the old one, fsync, the entry with the new hash, rename. A kill
between entry and rename leaves the rewritten file under its waiting name; the next erasure puts it in its place first.
Refused rows hold nothing that identifies. The sender's own copy is the sender's to erase: as long as the person stands
in it, a changed payload brings the person back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import duckdb
import msgspec

from orchestration.landing.batches import isoformat
from orchestration.landing.columns import landed_columns
from orchestration.landing.durable import finish, sha256_of, unfinished
from orchestration.landing.errors import LandingError, cannot_write
from orchestration.landing.ledger import Appender, LedgerEntry, read_ledger
from orchestration.settings import Settings
from orchestration.sources.contract import open_workspace
from orchestration.sources.feeds import FEEDS
from orchestration.sql_text import literal

# A rewritten file waits under this ending for its entry; unlike an unfinished one it must outlive a kill.
WAITING_SUFFIX = ".erased"


@dataclass(frozen=True)
class Erasure:
    """What one erasure did. `rows_count`: rows taken out of `entries`' files."""

    entries: tuple[LedgerEntry, ...]
    rows_count: int


def erase_person(settings: Settings, person_key: UUID, now: datetime | None = None) -> Erasure:
    """Take the person out of every landed file. Doing it again finds nothing more. Raises LandingError."""
    ledger = read_ledger(settings.landing_dir)
    moment = isoformat(now or settings.now())
    entries: list[LedgerEntry] = []
    rows_count = 0
    with open_workspace(settings.memory_limit) as connection:
        for sender_id in ledger.sender_ids():
            with ledger.appending(sender_id) as appender:
                entries += _finish_waiting(settings.landing_dir, appender, moment)
                registrations = _registrations(connection, settings.landing_dir, appender, person_key)
                # Registrations last: after a kill they must still say whose learning records are left to erase.
                for batch in sorted(_batches(appender), key=lambda entry: entry.feed == "registrations"):
                    erased = _erase(
                        connection, settings.landing_dir, appender, batch, person_key, registrations, moment
                    )
                    if erased is not None:
                        entries.append(erased[0])
                        rows_count += erased[1]
    return Erasure(tuple(entries), rows_count)


def _batches(appender: Appender) -> list[LedgerEntry]:
    return [entry for entry in appender.entries if entry.kind == "batch"]


def _registrations(
    connection: duckdb.DuckDBPyConnection, landing_dir: Path, appender: Appender, person_key: UUID
) -> list[int]:
    """registration_sk of everything that the person registered for at this sender, in any state landed."""
    files = [str(landing_dir / batch.landed_file) for batch in _batches(appender) if batch.feed == "registrations"]
    if not files:
        return []
    query = "SELECT DISTINCT registration_sk FROM read_parquet($files) WHERE person_key = $person_key"
    found = _execute(connection, landing_dir, query, {"files": files, "person_key": person_key})
    return [registration for (registration,) in found.fetchall()]


def _erase(
    connection: duckdb.DuckDBPyConnection,
    landing_dir: Path,
    appender: Appender,
    batch: LedgerEntry,
    person_key: UUID,
    registrations: list[int],
    moment: str,
) -> tuple[LedgerEntry, int] | None:
    columns = landed_columns(FEEDS[batch.feed])
    concerned = []
    parameters: dict[str, object] = {}
    if "person_key" in columns:
        concerned.append("coalesce(person_key = $person_key, false)")
        parameters["person_key"] = person_key
    if "registration_sk" in columns and registrations:
        concerned.append("list_contains($registrations::BIGINT[], registration_sk)")
        parameters["registrations"] = registrations
    if not concerned:
        return None
    path = landing_dir / batch.landed_file
    source = f"read_parquet({literal(str(path))})"
    is_concerned = " OR ".join(concerned)
    query = f"SELECT count(*) FROM {source} WHERE {is_concerned}"
    (rows,) = _execute(connection, landing_dir, query, parameters).fetchone() or (0,)
    if not rows:
        return None
    waiting = _waiting(path)
    part = unfinished(waiting)
    copy = f"COPY (SELECT * FROM {source} WHERE NOT ({is_concerned}))"
    _execute(connection, part, f"{copy} TO {literal(str(part))} (FORMAT parquet, COMPRESSION zstd)", parameters)
    finish(part, waiting)
    entry = _append(appender, batch, sha256_of(waiting), sha256_of(path), moment, batch.rows_count - rows)
    finish(waiting, path)
    return entry, rows


def _finish_waiting(landing_dir: Path, appender: Appender, moment: str) -> list[LedgerEntry]:
    """Give rewritten files that a kill left waiting their place, where their entry was written; else drop them."""
    finished = []
    for batch in _batches(appender):
        path = landing_dir / batch.landed_file
        waiting = _waiting(path)
        unfinished(waiting).unlink(missing_ok=True)
        if not waiting.is_file():
            continue
        promised = [e for e in appender.entries if e.kind == "erasure" and e.batch_id == batch.batch_id][-1:]
        sha256 = sha256_of(waiting)
        if not promised or promised[0].landed_file_sha256 != sha256:
            waiting.unlink()
            continue
        before = sha256_of(path)
        finish(waiting, path)
        # Once more, for a loader that met the entry while the old file still stood there.
        finished.append(_append(appender, batch, sha256, before, moment, promised[0].rows_count))
    return finished


def _append(
    appender: Appender, batch: LedgerEntry, sha256: str, sha256_before: str, moment: str, rows_count: int
) -> LedgerEntry:
    return appender.append(
        msgspec.structs.replace(
            batch,
            kind="erasure",
            landed_file_sha256=sha256,
            erased_file_sha256=sha256_before,
            quarantine_file=None,
            quarantine_file_sha256=None,
            rows_count=rows_count,
            received_at=moment,
            unknown_columns=[],
        )
    )


def _waiting(path: Path) -> Path:
    return path.with_name(f".{path.name}{WAITING_SUFFIX}")


def _execute(
    connection: duckdb.DuckDBPyConnection, path: Path, query: str, parameters: dict[str, object]
) -> duckdb.DuckDBPyConnection:
    failure: LandingError
    try:
        return connection.execute(query, parameters)
    except duckdb.Error as error:
        failure = cannot_write(path, error)
    raise failure
