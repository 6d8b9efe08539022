"""The record of the periods: JSON lines, each holding the SHA-256 of the line before it.

    <warehouse>/periods/periods.jsonl     appended under a lock, fsynced line by line, readable by its owner alone

A line without its line feed is what a kill leaves: readers pass over it, the next append writes over it. The figures'
hashes are of the marts before small cells are withheld, so the folder is closed to others, as `disclosure/` is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec
from filelock import FileLock, Timeout

from orchestration.closing.errors import ClosingError
from orchestration.landing.durable import append_line

FOLDER, FILE = "periods", "periods.jsonl"
FIRST_SHA256 = "0" * 64
LOCK_WAIT_SECONDS = 60

State = Literal["open", "closed", "approved", "published", "restated"]


class PeriodEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One line. `at`: ISO 8601 with +08:00; hashes hex; `figures`: mart → hash of the period's rows at that moment.

    `version`: of the publication, for `published` and `restated`. `marts`: those whose figures had changed, for
    `restated`. `missing`: reports that were due and had not come, and `reason` why it was closed without them.
    """

    sequence: int = 0
    period_start: str
    state: State
    by: str
    at: str
    figures: dict[str, str] = {}
    version: str | None = None
    marts: list[str] = []
    missing: list[str] = []
    reason: str | None = None
    previous_sha256: str = FIRST_SHA256


@dataclass
class PeriodRecord:
    """The whole record, oldest first, and where the next line begins."""

    path: Path
    events: list[PeriodEvent] = field(default_factory=list)
    head_sha256: str = FIRST_SHA256
    end: int = 0

    def of(self, period_start: str) -> list[PeriodEvent]:
        return [event for event in self.events if event.period_start == period_start]

    def state(self, period_start: str) -> State:
        """`open` where nothing has been recorded."""
        events = self.of(period_start)
        return events[-1].state if events else "open"

    def periods(self) -> list[str]:
        """Every period that is no longer open, in order."""
        return sorted({event.period_start for event in self.events})

    def append(self, event: PeriodEvent) -> PeriodEvent:
        """Write `event`, its number and previous hash set here. Call it inside `appending`. Raises LandingError."""
        event = msgspec.structs.replace(event, sequence=len(self.events) + 1, previous_sha256=self.head_sha256)
        line = msgspec.json.encode(event)
        append_line(self.path, line, self.end)
        self._take(event, line)
        return event

    def _take(self, event: PeriodEvent, line: bytes) -> None:
        self.events.append(event)
        self.head_sha256 = hashlib.sha256(line).hexdigest()
        self.end += len(line) + 1


def read_record(warehouse_dir: Path) -> PeriodRecord:
    """What has been recorded; nothing where there is no file. Raises ClosingError for a line that is no event, or that
    does not follow from the one before it."""
    record = PeriodRecord(warehouse_dir / FOLDER / FILE)
    try:
        *lines, _torn = record.path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return record
    except OSError as error:
        raise ClosingError(f"{record.path} can't be read: {error.strerror}") from None
    for number, line in enumerate(lines, start=1):
        try:
            event = msgspec.json.decode(line, type=PeriodEvent)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise ClosingError(f"{record.path}: line {number} is no event; restore the file from a copy") from None
        if event.sequence != number or event.previous_sha256 != record.head_sha256:
            raise ClosingError(
                f"{record.path}: line {number} does not follow from the line before it: the record was changed by "
                "hand or cut; restore the file from a copy"
            )
        record._take(event, line)
    return record


@contextmanager
def appending(warehouse_dir: Path) -> Iterator[PeriodRecord]:
    """The record with its lock held: what is decided on it can't meet another writer. Raises ClosingError."""
    folder = warehouse_dir / FOLDER
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(folder / f".{FILE}.lock", timeout=LOCK_WAIT_SECONDS)
        with lock:
            yield read_record(warehouse_dir)
    except Timeout:
        raise ClosingError(f"{folder}: held by another process for {LOCK_WAIT_SECONDS} s; try again") from None
    except OSError as error:
        raise ClosingError(f"{folder} can't be written: {error.strerror}") from None
