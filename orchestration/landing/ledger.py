"""The ledger: one file of JSON lines a sender, each line holding the SHA-256 of the line before it.

    landing/_ledger/<sender>.jsonl     appended under a lock of that sender, fsynced line by line

A line without its line feed is what a kill in the middle of an append leaves: readers pass over it, the next append
writes over it. A line once ended is never touched again, so any later change breaks the chain and `verify` names it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec
from filelock import FileLock, Timeout

from orchestration.landing.durable import append_line, make_folder
from orchestration.landing.errors import LandingError, LedgerDamagedError, cannot_read, cannot_write

LEDGER_FOLDER = "_ledger"
NO_ENTRY_SHA256 = "0" * 64
LOCK_WAIT_SECONDS = 600
_SENDER_ID = re.compile(r"_config|[A-Za-z0-9][A-Za-z0-9_-]*")


class UnknownColumnEntry(msgspec.Struct, frozen=True):
    """A delivered column that no contract names. `filled_share`: 0..1 of the rows."""

    name: str
    type: str
    filled_share: float


class PeriodRows(msgspec.Struct, frozen=True):
    """How many rows of one batch belong to a period."""

    rows: int
    quarantined: int


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line. Times are ISO 8601 with +08:00, days ISO 8601, paths relative to the landing folder, hashes hex.

    kind `batch` and `config`: a landed file came to be. `pull`: a whole window was pulled and held the payload of
    `batch_id` again. `erasure`: a file of `batch_id` was rewritten, its quarantine file where the entry names one, else
    the landed one; its own hash is the one from then on and `erased_file_sha256` the one before.
    """

    sequence: int
    kind: Literal["batch", "pull", "erasure", "config"]
    batch_id: str
    sender_id: str
    feed: str
    period_start: str | None = None
    periods: dict[str, PeriodRows] = {}
    payload_sha256: str
    landed_file: str
    landed_file_sha256: str
    erased_file_sha256: str | None = None
    quarantine_file: str | None = None
    quarantine_file_sha256: str | None = None
    rows_count: int
    quarantined_rows_count: int
    received_at: str
    began_at: str
    window_from: str | None = None
    window_to: str | None = None
    is_whole: bool
    source_name: str
    bytes_count: int
    key_id: str
    unknown_columns: list[UnknownColumnEntry] = []
    previous_sha256: str = NO_ENTRY_SHA256


@dataclass(frozen=True)
class Head:
    """The end of a sender's chain: `sequence` 0 and NO_ENTRY_SHA256 where there is no entry."""

    sequence: int
    sha256: str


@dataclass
class Chain:
    """A sender's whole entries, oldest first, and where in the file the next one begins."""

    sender_id: str
    entries: list[LedgerEntry] = field(default_factory=list)
    head: Head = Head(0, NO_ENTRY_SHA256)
    end: int = 0


class Ledger:
    """The ledgers of one landing folder. Reading needs no lock; `appending` takes the sender's.

    Not to be shared between threads that append for the same sender; each thread may have its own.
    """

    def __init__(self, landing_dir: Path) -> None:
        self.folder = landing_dir / LEDGER_FOLDER
        self._chains: dict[str, Chain] = {}

    def path(self, sender_id: str) -> Path:
        if not _SENDER_ID.fullmatch(sender_id):
            raise LandingError(f"{sender_id!r} can't be a sender's id: it names a file")
        return self.folder / f"{sender_id}.jsonl"

    def sender_ids(self) -> list[str]:
        """Every sender that has a ledger, in order."""
        return sorted(path.stem for path in self.folder.glob("*.jsonl")) if self.folder.is_dir() else []

    def chain(self, sender_id: str) -> Chain:
        """What stands in the sender's ledger now. Raises LedgerDamagedError for a whole line that is no entry."""
        known = self._chains.get(sender_id) or Chain(sender_id)
        path = self.path(sender_id)
        try:
            size = path.stat().st_size
            if size < known.end:
                known = Chain(sender_id)
            if size > known.end:
                with path.open("rb") as stream:
                    stream.seek(known.end)
                    _extend(known, stream.read(), path)
        except FileNotFoundError:
            known = Chain(sender_id)
        except OSError as error:
            raise cannot_read(path, error) from None
        self._chains[sender_id] = known
        return known

    def entries(self, sender_id: str) -> list[LedgerEntry]:
        return self.chain(sender_id).entries

    def all_entries(self) -> Iterator[LedgerEntry]:
        """Every entry of every sender, by sender and sequence."""
        for sender_id in self.sender_ids():
            yield from self.entries(sender_id)

    def head(self, sender_id: str) -> Head:
        return self.chain(sender_id).head

    @contextmanager
    def appending(self, sender_id: str) -> Iterator[Appender]:
        """Hold the sender's lock: what is written under it, files and entries, can't meet another writer's.

        Raises LandingError when the lock isn't free for ten minutes or the folder can't be written.
        """
        path = self.path(sender_id)
        make_folder(self.folder)
        lock_path = self.folder / f".{sender_id}.lock"
        lock = FileLock(lock_path, timeout=LOCK_WAIT_SECONDS, thread_local=False)
        try:
            lock.acquire()
        except Timeout:
            message = (
                f"{lock_path} is held by another process for {LOCK_WAIT_SECONDS} s; is a pull of {sender_id} stuck?"
            )
            raise LandingError(message) from None
        except OSError as error:
            raise cannot_write(lock_path, error) from None
        try:
            yield Appender(path, self.chain(sender_id))
        finally:
            lock.release()


class Appender:
    """Appends to one sender's ledger; lives as long as its lock is held."""

    def __init__(self, path: Path, chain: Chain) -> None:
        self._path = path
        self.chain = chain

    @property
    def entries(self) -> list[LedgerEntry]:
        return self.chain.entries

    @property
    def next_sequence(self) -> int:
        return self.chain.head.sequence + 1

    def append(self, entry: LedgerEntry) -> LedgerEntry:
        """Write `entry` (its sequence and previous hash are set here) and return it as written."""
        entry = msgspec.structs.replace(entry, sequence=self.next_sequence, previous_sha256=self.chain.head.sha256)
        line = msgspec.json.encode(entry)
        append_line(self._path, line, self.chain.end)
        _take(self.chain, entry, line)
        return entry


def read_ledger(landing_dir: Path) -> Ledger:
    """The ledger of a landing folder, which need not exist yet."""
    return Ledger(landing_dir)


def entry_sha256(line: bytes) -> str:
    """The hash by which the next entry, the warehouse and a publication know an entry: of its line, no line feed."""
    return hashlib.sha256(line).hexdigest()


_decode = msgspec.json.Decoder(LedgerEntry).decode


def decode_entry(line: bytes) -> LedgerEntry:
    """Raises msgspec.DecodeError (ValidationError included), UnicodeDecodeError."""
    return _decode(line)


def _extend(chain: Chain, data: bytes, path: Path) -> None:
    *lines, _torn = data.split(b"\n")
    for line in lines:
        try:
            entry = decode_entry(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            number = len(chain.entries) + 1
            raise LedgerDamagedError(
                f"{path}: line {number} is no ledger entry; run `warehouse verify` and restore it from a copy"
            ) from None
        _take(chain, entry, line)


def _take(chain: Chain, entry: LedgerEntry, line: bytes) -> None:
    chain.entries.append(entry)
    chain.head = Head(entry.sequence, entry_sha256(line))
    chain.end += len(line) + 1
