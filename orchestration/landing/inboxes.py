"""What lies in the senders' inboxes, without reading any file: which cells a pull would find something new for.

Looked at side by side and for a limited time, because a server that does not answer must not keep the others waiting.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from orchestration.calendar import Period
from orchestration.sources.errors import SourceError
from orchestration.sources.feeds import SenderKind
from orchestration.sources.files import list_files, period_of_file
from orchestration.sources.registry.senders import Registry, ResolveSecret, Sender

WAIT_SECONDS = 30
_LOOKERS = 8


@dataclass(frozen=True)
class InboxCell:
    """Where a file belongs. `period_key` None: a platform's inbox, whose files hold rows of any period."""

    sender_id: str
    feed: str
    period_key: str | None


@dataclass(frozen=True)
class Look:
    """What was there: for each cell with files one short mark a file, and why an inbox could not be looked at."""

    cells: Mapping[InboxCell, frozenset[str]] = field(default_factory=dict)
    unreachable: Mapping[str, str] = field(default_factory=dict)

    @property
    def files_count(self) -> int:
        return sum(len(marks) for marks in self.cells.values())


def look(
    registry: Registry,
    kind: SenderKind,
    periods: Sequence[Period],
    resolve_secret: ResolveSecret,
    wait_seconds: float = WAIT_SECONDS,
) -> Look:
    """Look into every inbox of the senders of `kind`. `periods`: the whole calendar. Never raises for an inbox."""
    senders = [sender for sender in registry.senders if sender.kind is kind and any(_inbox_feeds(sender))]
    pool = ThreadPoolExecutor(_LOOKERS, thread_name_prefix="inbox")
    try:
        looks = {sender.id: pool.submit(_look_at, sender, periods, resolve_secret) for sender in senders}
        wait(looks.values(), timeout=wait_seconds)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    cells: dict[InboxCell, frozenset[str]] = {}
    unreachable: dict[str, str] = {}
    for sender_id, one in looks.items():
        if not one.done() or one.cancelled():
            unreachable[sender_id] = f"{sender_id}: the inbox did not answer within {wait_seconds:g} s"
            continue
        try:
            cells |= one.result()
        except SourceError as error:
            unreachable[sender_id] = f"{sender_id} {error.source_name}: {error.message}"
    return Look(cells, unreachable)


def _look_at(
    sender: Sender, periods: Sequence[Period], resolve_secret: ResolveSecret
) -> dict[InboxCell, frozenset[str]]:
    found: dict[InboxCell, set[str]] = {}
    for feed in _inbox_feeds(sender):
        for name, state in list_files(sender.feeds[feed], sender.id, resolve_secret).items():
            for cell in _cells_of(name, sender, feed, periods):
                found.setdefault(cell, set()).add(_mark(name, state))
    return {cell: frozenset(marks) for cell, marks in found.items()}


def _inbox_feeds(sender: Sender) -> Iterator[str]:
    return (feed for feed, source in sender.feeds.items() if source.connector == "files")


def _cells_of(name: str, sender: Sender, feed: str, periods: Sequence[Period]) -> Iterable[InboxCell]:
    if sender.kind is SenderKind.PLATFORM:
        return [InboxCell(sender.id, feed, None)]
    period = period_of_file(name, feed, periods)
    return [InboxCell(sender.id, feed, period.key)] if period else []


def _mark(name: str, state: str) -> str:
    """Short, since a sensor keeps one for every file; a clash would only let one change pass unnoticed."""
    return hashlib.sha256(f"{name}\n{state}".encode("utf-8", "surrogateescape")).hexdigest()[:8]
