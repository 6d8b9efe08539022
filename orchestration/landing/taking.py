"""Taking one payload in: known before, held, or checked and landed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import BoundedSemaphore

from orchestration import calendar
from orchestration.campaign import load_campaign
from orchestration.landing.batches import sweep, write_batch, write_pull
from orchestration.landing.erased import leave_out_erased
from orchestration.landing.ledger import Appender, Ledger, LedgerEntry
from orchestration.landing.plan import PullTask, is_settled, whole_pulls
from orchestration.settings import Settings
from orchestration.sources.checking.contract import CheckedBatch, Terms, check, open_workspace
from orchestration.sources.errors import PermanentSourceError
from orchestration.sources.payload import Payload
from orchestration.sources.persons.pseudonyms import Pseudonymiser
from orchestration.sources.registry.senders import FeedSource
from orchestration.sources.turns import Turn

# A snapshot that loses more than a fifth of its rows is more often a broken export than a change.
SNAPSHOT_KEEPS_AT_LEAST = 0.8


class HeldError(PermanentSourceError):
    """A snapshot shrank too much to be believed; it waits for someone to confirm its hash."""


@dataclass(frozen=True)
class Landing:
    """What every pull of one run shares: the folder, the clock and key, turns.py's turns, and what was confirmed by a
    person."""

    folder: Path
    terms: Terms
    memory_limit: str
    turn: Turn
    confirmed: frozenset[str] = field(default=frozenset())

    @classmethod
    def of(cls, settings: Settings, now: datetime | None = None, confirmed: Iterable[str] = ()) -> Landing:
        """Raises CampaignError and SettingsError (no pseudonym key)."""
        periods = tuple(calendar.periods(load_campaign(settings.campaign_path)))
        terms = Terms(now or settings.now(), periods, Pseudonymiser.of(settings.pseudonym_key()))
        turn = BoundedSemaphore(settings.threads)
        return cls(settings.landing_dir, terms, settings.memory_limit, turn, frozenset(confirmed))

    @property
    def key_id(self) -> str:
        return self.terms.pseudonymiser.key_id


def current_key_id(settings: Settings) -> str:
    """The id of the deployment's pseudonym key: a plan tells by it pulls made under another. Raises SettingsError."""
    return Pseudonymiser.of(settings.pseudonym_key()).key_id


def source_of(task: PullTask) -> FeedSource:
    return task.sender.feeds[task.feed]


def known_batch(landing: Landing, task: PullTask, entries: Iterable[LedgerEntry], sha256: str) -> LedgerEntry | None:
    """The newest batch of this payload under today's key; by rest and xapi also of the same period, None for none."""
    return next(
        (
            entry
            for entry in reversed(list(entries))
            if entry.kind == "batch"
            and entry.feed == task.feed
            and entry.payload_sha256 == sha256
            and entry.key_id == landing.key_id
            and (source_of(task).connector == "files" or entry.period_start == task.period_start)
        ),
        None,
    )


def take(landing: Landing, ledger: Ledger, task: PullTask, payload: Payload) -> LedgerEntry | None:
    """Land `payload`, or note what pulling it again tells; the entry written, None when it tells nothing new.

    Raises ContractError, HeldError, PermanentSourceError (unreadable) and LandingError.
    """
    known = known_batch(landing, task, ledger.entries(task.sender.id), payload.payload_sha256)
    if known is not None:
        with ledger.appending(task.sender.id) as appender:
            return _note_again(landing, task, appender, payload, known)
    with landing.turn, open_workspace(landing.memory_limit) as connection:
        checked = check(connection, payload, landing.terms)
        checked = leave_out_erased(connection, landing.folder, ledger.entries(task.sender.id), checked)
        if _tells_nothing(task, ledger.entries(task.sender.id), checked):
            return None
        _hold_if_shrunk(landing, task, ledger.entries(task.sender.id), checked)
        with ledger.appending(task.sender.id) as appender:
            # Another process may have landed it since.
            known = known_batch(landing, task, appender.entries, payload.payload_sha256)
            if known is not None:
                return _note_again(landing, task, appender, payload, known)
            sweep(landing.folder, appender, list(task.sender.feeds))
            return write_batch(connection, landing.folder, appender, checked, landing.terms)


def _note_again(
    landing: Landing, task: PullTask, appender: Appender, payload: Payload, known: LedgerEntry
) -> LedgerEntry | None:
    """A whole pull that brought nothing new is worth an entry if it is the period's first, or its first settled one."""
    if task.period is None or source_of(task).connector == "files" or not payload.is_whole:
        return None
    pulls = whole_pulls(appender.entries, task.feed, task.period, landing.key_id)
    if not pulls or is_settled(task.period, [payload.began_at]) > is_settled(task.period, pulls):
        return write_pull(appender, payload, known, landing.terms)
    return None


def _tells_nothing(task: PullTask, entries: Iterable[LedgerEntry], checked: CheckedBatch) -> bool:
    """No row yet in a period that still runs, where none was before."""
    if checked.payload.is_whole or checked.rows_count + checked.refused_rows_count:
        return False
    return not any(
        entry.kind == "batch" and entry.feed == task.feed and entry.period_start == task.period_start
        for entry in entries
    )


def _hold_if_shrunk(landing: Landing, task: PullTask, entries: Iterable[LedgerEntry], checked: CheckedBatch) -> None:
    source, payload = source_of(task), checked.payload
    if not source.snapshot or payload.payload_sha256 in landing.confirmed:
        return
    sizes = [
        entry.rows_count + entry.quarantined_rows_count
        for entry in entries
        if entry.kind == "batch"
        and entry.feed == task.feed
        and (source.connector == "files" or entry.period_start == task.period_start)
    ]
    size = checked.rows_count + checked.refused_rows_count
    if sizes and size < sizes[-1] * SNAPSHOT_KEEPS_AT_LEAST:
        raise HeldError(
            payload.sender_id,
            payload.feed,
            payload.source_name,
            f"held: this snapshot has {size} rows where the last one had {sizes[-1]}, under "
            f"{SNAPSHOT_KEEPS_AT_LEAST:.0%}; if that is right, run again with --confirm {payload.payload_sha256}",
        )
