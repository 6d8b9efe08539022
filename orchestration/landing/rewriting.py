"""Replacing a file of a batch by one with less in it, so that a kill at any moment leaves the old one or the new one.

Order of steps for one file: the rewritten file beside the old one, fsync, the entry with the new hash, rename. A kill
between entry and rename leaves the rewritten file under its waiting name; the next erasure puts it in its place first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from orchestration.landing.durable import finish, sha256_of, unfinished
from orchestration.landing.ledger import Appender, LedgerEntry

# A rewritten file waits under this ending for its entry; unlike an unfinished one it must outlive a kill.
WAITING_SUFFIX = ".erased"


@dataclass(frozen=True)
class BatchFile:
    """One of a batch's two files, relative to the landing folder: what landed, or what the contract refused."""

    batch: LedgerEntry
    is_quarantine: bool

    @property
    def name(self) -> str:
        name = self.batch.quarantine_file if self.is_quarantine else self.batch.landed_file
        assert name is not None, "the batch refused nothing"
        return name


def files_of(batch: LedgerEntry) -> list[BatchFile]:
    return [BatchFile(batch, False), *([BatchFile(batch, True)] if batch.quarantine_file else [])]


def rewrite(
    landing_dir: Path, appender: Appender, file: BatchFile, write: Callable[[Path], None], rows_count: int, moment: str
) -> LedgerEntry:
    """Have `write` make the new file, note it and put it in its place; the entry. `rows_count`: rows taken out of what
    landed. Raises LandingError."""
    path = landing_dir / file.name
    waiting = _waiting(path)
    part = unfinished(waiting)
    write(part)
    finish(part, waiting)
    entry = _append(appender, file, sha256_of(waiting), sha256_of(path), rows_count, moment)
    finish(waiting, path)
    return entry


def finish_waiting(landing_dir: Path, appender: Appender, moment: str) -> list[LedgerEntry]:
    """Give rewritten files that a kill left waiting their place, where their entry was written; else drop them."""
    finished = []
    for file in [file for batch in batches(appender) for file in files_of(batch)]:
        path = landing_dir / file.name
        waiting = _waiting(path)
        unfinished(waiting).unlink(missing_ok=True)
        if not waiting.is_file():
            continue
        sha256 = sha256_of(waiting)
        if sha256 != _promised(appender, file):
            waiting.unlink()
            continue
        before = sha256_of(path)
        finish(waiting, path)
        # Once more, for a loader that met the entry while the old file still stood there.
        finished.append(_append(appender, file, sha256, before, 0, moment))
    return finished


def batches(appender: Appender) -> list[LedgerEntry]:
    return [entry for entry in appender.entries if entry.kind == "batch"]


def _promised(appender: Appender, file: BatchFile) -> str | None:
    """The hash that the newest erasure from this file says it has."""
    for entry in reversed(list(_standing(appender, file.batch))):
        if entry.kind == "erasure" and (entry.quarantine_file is not None) == file.is_quarantine:
            return entry.quarantine_file_sha256 if file.is_quarantine else entry.landed_file_sha256
    return None


def _append(
    appender: Appender, file: BatchFile, sha256: str, sha256_before: str, rows_count: int, moment: str
) -> LedgerEntry:
    *_, newest = _standing(appender, file.batch)
    return appender.append(
        msgspec.structs.replace(
            newest,
            kind="erasure",
            landed_file_sha256=newest.landed_file_sha256 if file.is_quarantine else sha256,
            erased_file_sha256=sha256_before,
            quarantine_file=file.name if file.is_quarantine else None,
            quarantine_file_sha256=sha256 if file.is_quarantine else None,
            rows_count=newest.rows_count - rows_count,
            received_at=moment,
            unknown_columns=[],
        )
    )


def _standing(appender: Appender, batch: LedgerEntry) -> Iterator[LedgerEntry]:
    """The batch and what was erased from it, oldest first."""
    return (e for e in appender.entries if e.batch_id == batch.batch_id and e.kind in ("batch", "erasure"))


def _waiting(path: Path) -> Path:
    return path.with_name(f".{path.name}{WAITING_SUFFIX}")
