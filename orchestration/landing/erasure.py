"""Erasing a person from what was landed: the files concerned are rewritten, and the ledger says so and nothing more.

    person_key → the person's rows, and those of their registrations, out of every landed file → `erasure` entries
               → the person's keys out of the refused rows of every quarantine file             → `erasure` entries

Refused rows stay: but for the key of those that name a person by it, nothing in them identifies anyone. The same
payload landed again leaves the person out (erased.py). The sender's own copy is the sender's to erase: as long as the
person stands in it, a changed payload brings the person back, and so does a refused row of theirs that a replay frees.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import duckdb

from orchestration.landing.batches import isoformat
from orchestration.landing.columns import landed_columns
from orchestration.landing.errors import LandingError, cannot_write
from orchestration.landing.ledger import Appender, LedgerEntry, read_ledger
from orchestration.landing.quarantine import RECORD_KEY, names_person_sql
from orchestration.landing.rewriting import BatchFile, batches, files_of, finish_waiting, rewrite
from orchestration.settings import Settings
from orchestration.sources.checking.contract import open_workspace
from orchestration.sources.feeds import FEEDS
from orchestration.sql_text import literal


@dataclass(frozen=True)
class Erasure:
    """What one erasure did. `rows_count`: rows taken out of `entries`' landed files."""

    entries: tuple[LedgerEntry, ...]
    rows_count: int


@dataclass(frozen=True)
class _Concerned:
    """The rows of a file that are the person's (SQL over `parameters`), and what stands in a select list afterwards;
    `leave`: the rows themselves go."""

    condition: str
    parameters: dict[str, object]
    columns: str = "*"
    leave: bool = True


def erase_person(settings: Settings, person_key: UUID, now: datetime | None = None) -> Erasure:
    """Take the person out of every file of landing. Doing it again finds nothing more. Raises LandingError."""
    ledger = read_ledger(settings.landing_dir)
    moment = isoformat(now or settings.now())
    entries: list[LedgerEntry] = []
    rows_count = 0
    with open_workspace(settings.memory_limit) as connection:
        for sender_id in ledger.sender_ids():
            with ledger.appending(sender_id) as appender:
                entries += finish_waiting(settings.landing_dir, appender, moment)
                registrations = _registrations(connection, settings.landing_dir, appender, person_key)
                # Registrations last: after a kill they must still say whose learning records are left to erase.
                for batch in sorted(batches(appender), key=lambda entry: entry.feed == "registrations"):
                    for file in files_of(batch):
                        concerned = _concerned(connection, settings.landing_dir, file, person_key, registrations)
                        if concerned is None:
                            continue
                        erased = _erase(connection, settings.landing_dir, appender, file, concerned, moment)
                        if erased is not None:
                            entries.append(erased[0])
                            rows_count += erased[1]
    return Erasure(tuple(entries), rows_count)


def _registrations(
    connection: duckdb.DuckDBPyConnection, landing_dir: Path, appender: Appender, person_key: UUID
) -> list[int]:
    """registration_sk of everything that the person registered for at this sender, in any state landed."""
    files = [str(landing_dir / batch.landed_file) for batch in batches(appender) if batch.feed == "registrations"]
    if not files:
        return []
    query = "SELECT DISTINCT registration_sk FROM read_parquet($files) WHERE person_key = $person_key"
    found = _execute(connection, landing_dir, query, {"files": files, "person_key": person_key})
    return [registration for (registration,) in found.fetchall()]


def _concerned(
    connection: duckdb.DuckDBPyConnection,
    landing_dir: Path,
    file: BatchFile,
    person_key: UUID,
    registrations: list[int],
) -> _Concerned | None:
    """None where the file can't hold anything of the person's."""
    feed = FEEDS[file.batch.feed]
    if file.is_quarantine:
        condition = names_person_sql(feed)
        if condition is None or not _has_record_keys(connection, landing_dir / file.name):
            return None
        blanked = f"* REPLACE (if({condition}, NULL, {RECORD_KEY}) AS {RECORD_KEY})"
        return _Concerned(condition, {"person_key": person_key}, blanked, leave=False)
    columns = landed_columns(feed)
    conditions = []
    parameters: dict[str, object] = {}
    if "person_key" in columns:
        conditions.append("coalesce(person_key = $person_key, false)")
        parameters["person_key"] = person_key
    if "registration_sk" in columns and registrations:
        conditions.append("list_contains($registrations::BIGINT[], registration_sk)")
        parameters["registrations"] = registrations
    return _Concerned(" OR ".join(conditions), parameters) if conditions else None


def _has_record_keys(connection: duckdb.DuckDBPyConnection, path: Path) -> bool:
    """Quarantine files of before refused rows kept their key have none."""
    query = f"SELECT 1 FROM parquet_schema({literal(str(path))}) WHERE name = '{RECORD_KEY}'"
    return _execute(connection, path, query, {}).fetchone() is not None


def _erase(
    connection: duckdb.DuckDBPyConnection,
    landing_dir: Path,
    appender: Appender,
    file: BatchFile,
    concerned: _Concerned,
    moment: str,
) -> tuple[LedgerEntry, int] | None:
    """The entry and how many rows left what had landed; None where no row is concerned."""
    path = landing_dir / file.name
    source = f"read_parquet({literal(str(path))})"
    query = f"SELECT count(*) FROM {source} WHERE {concerned.condition}"
    (rows,) = _execute(connection, path, query, concerned.parameters).fetchone() or (0,)
    if not rows:
        return None
    stay = f" WHERE NOT ({concerned.condition})" if concerned.leave else ""

    def write(part: Path) -> None:
        copy = f"COPY (SELECT {concerned.columns} FROM {source}{stay})"
        target = f"TO {literal(str(part))} (FORMAT parquet, COMPRESSION zstd)"
        _execute(connection, part, f"{copy} {target}", concerned.parameters)

    left = rows if concerned.leave else 0
    return rewrite(landing_dir, appender, file, write, left, moment), left


def _execute(
    connection: duckdb.DuckDBPyConnection, path: Path, query: str, parameters: dict[str, object]
) -> duckdb.DuckDBPyConnection:
    failure: LandingError
    try:
        return connection.execute(query, parameters)
    except duckdb.Error as error:
        failure = cannot_write(path, error)
    raise failure
