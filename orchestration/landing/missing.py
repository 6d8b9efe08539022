"""Which reports are due and have not come, judged from the ledgers alone.

The same judgement as the status `missing` of `marts.reporting_timeliness`, without the database, which a build may hold
for minutes: a report has come when a whole delivery of its sender and feed was made for its period or holds its rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from orchestration.calendar import Period
from orchestration.landing.errors import LedgerDamagedError
from orchestration.landing.ledger import Ledger, LedgerEntry
from orchestration.sources.feeds import SenderKind
from orchestration.sources.registry.senders import Registry
from orchestration.wording import some

MOST_NAMES = 6


@dataclass(frozen=True)
class DueReport:
    """What one sender owes: one feed for one period whose due time has come."""

    period: Period
    sender_id: str
    feed: str

    def __str__(self) -> str:
        return f"{self.sender_id} {self.feed} {self.period.key}"


def due_reports(
    registry: Registry, periods: Iterable[Period], now: datetime, kind: SenderKind | None = None
) -> list[DueReport]:
    """Every report that is due at `now` (of senders of `kind`, default all), come or not, by period, sender, feed."""
    due_periods = [period for period in periods if period.due_at <= now]
    return [
        DueReport(period, sender.id, feed)
        for period in due_periods
        for sender in registry.senders
        for feed, source in sender.feeds.items()
        if source.due_every_period and kind in (None, sender.kind)
    ]


def missing_reports(due: Iterable[DueReport], ledger: Ledger) -> list[DueReport]:
    """Those of `due` that no delivery in the ledgers answers, in the same order.

    A damaged ledger counts as empty: its sender is asked again, and that pull says what is wrong with it.
    """
    found: dict[str, set[tuple[str, str]]] = {}
    missing = []
    for report in due:
        if report.sender_id not in found:
            found[report.sender_id] = set(_received(ledger, report.sender_id))
        if (report.feed, report.period.key) not in found[report.sender_id]:
            missing.append(report)
    return missing


def in_words(missing: Sequence[DueReport]) -> str:
    """Whose reports are missing, newest period first, in one sentence: senders and feeds, nothing else."""
    newest = max(report.period for report in missing)
    of_newest = [report for report in missing if report.period == newest]
    named = some(sorted({report.sender_id for report in of_newest}), MOST_NAMES)
    older = len(missing) - len(of_newest)
    return (
        f"{len(missing)} due report{'s are' if len(missing) > 1 else ' is'} missing: {len(of_newest)} of period "
        f"{newest.number} ({named})" + (f" and {older} of earlier periods." if older else ".")
    )


def has_come(entries: Iterable[LedgerEntry], feed: str, period_key: str) -> bool:
    """Whether one of a sender's `entries` is a whole delivery of `feed` for the period."""
    return any(entry.feed == feed and period_key in _periods(entry) for entry in entries)


def _received(ledger: Ledger, sender_id: str) -> Iterator[tuple[str, str]]:
    try:
        entries = ledger.entries(sender_id)
    except LedgerDamagedError:
        return
    for entry in entries:
        for period_key in _periods(entry):
            yield entry.feed, period_key


def _periods(entry: LedgerEntry) -> Iterable[str]:
    if entry.kind not in ("batch", "pull") or not entry.is_whole:
        return ()
    return entry.periods or filter(None, (entry.period_start,))
