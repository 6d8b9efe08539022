"""What a build pulls: for each sender every period begun by the clock, unless its last whole pull was late enough."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from orchestration.calendar import Period, begun
from orchestration.landing.errors import LedgerDamagedError
from orchestration.landing.ledger import Ledger, LedgerEntry
from orchestration.sources.feeds import SenderKind
from orchestration.sources.registry.senders import Registry, Sender

# Platforms go on correcting a period for some days; a whole pull begun that long after its end is the last one.
SETTLED_AFTER = timedelta(days=3)


@dataclass(frozen=True)
class PullTask:
    """One feed of one sender in one period; `period` None: a files platform's whole inbox, whose rows say their own."""

    sender: Sender
    feed: str
    period: Period | None

    @property
    def period_start(self) -> str | None:
        return self.period.key if self.period else None


def plan_pulls(
    registry: Registry,
    calendar_periods: list[Period],
    now: datetime,
    ledger: Ledger,
    *,
    periods: Collection[date] | None = None,
    senders: Collection[str] | None = None,
    key_id: str | None = None,
) -> list[PullTask]:
    """The pulls that are due at `now`, by sender, feed and period.

    `periods` (first days) asks for those whether due or not, `senders` limits to those ids. Files are always looked at:
    what was taken before is known by its hash. A platform's inbox isn't sorted by period and is read whole. With
    `key_id`, pulls made under another pseudonym key don't count.
    """
    return list(_tasks(registry, begun(calendar_periods, now), ledger, periods, senders, key_id))


def whole_pulls(entries: Iterable[LedgerEntry], feed: str, period: Period, key_id: str | None) -> list[datetime]:
    """When each whole pull of `feed` and `period` in a sender's ledger began, under `key_id` (None: any)."""
    return [
        datetime.fromisoformat(entry.began_at)
        for entry in entries
        if entry.kind in ("batch", "pull")
        and entry.feed == feed
        and entry.period_start == period.key
        and entry.is_whole
        and key_id in (None, entry.key_id)
    ]


def is_settled(period: Period, pulls: list[datetime]) -> bool:
    """Whether one of the whole `pulls` began late enough for the period not to be pulled again by itself."""
    return any(began_at >= period.closes_at + SETTLED_AFTER for began_at in pulls)


def _tasks(
    registry: Registry,
    begun_periods: list[Period],
    ledger: Ledger,
    periods: Collection[date] | None,
    senders: Collection[str] | None,
    key_id: str | None,
) -> Iterator[PullTask]:
    chosen = [period for period in begun_periods if periods is None or period.start in periods]
    if not chosen:
        return
    for sender in registry.senders:
        if senders is not None and sender.id not in senders:
            continue
        try:
            entries = ledger.entries(sender.id)
        except LedgerDamagedError:
            # The pull meets it again and reports it as this sender's trouble; the others must not wait for it.
            entries = []
        for feed, source in sender.feeds.items():
            is_files = source.connector == "files"
            if is_files and sender.kind is SenderKind.PLATFORM:
                yield PullTask(sender, feed, None)
                continue
            for period in chosen:
                is_asked_for = is_files or periods is not None
                if is_asked_for or not is_settled(period, whole_pulls(entries, feed, period, key_id)):
                    yield PullTask(sender, feed, period)
