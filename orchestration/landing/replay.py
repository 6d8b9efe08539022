"""Replaying: a batch with refused rows is read from its sender again, after the contract or a column map was mended.

    ledger (newest batch of each payload with refused rows) → connectors.fetch → same hash? → contract → a new batch

The same bytes give the same refusals unless something here has changed; only then a new batch is landed. It holds the
whole payload, under the same payload hash and a later sequence, and so stands in the place of the one before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

import duckdb

from orchestration.landing.batches import sweep, write_batch
from orchestration.landing.erased import leave_out_erased
from orchestration.landing.ledger import Ledger, LedgerEntry, read_ledger
from orchestration.landing.plan import PullTask
from orchestration.landing.pull import Trouble, trouble_of
from orchestration.landing.quarantine import refusals
from orchestration.landing.taking import Landing, source_of
from orchestration.settings import Settings
from orchestration.sources.checking.contract import check, open_workspace
from orchestration.sources.connectors import fetch
from orchestration.sources.errors import PermanentSourceError, SourceError
from orchestration.sources.payload import Payload
from orchestration.sources.registry.senders import Registry, ResolveSecret


@dataclass(frozen=True)
class Replay:
    """What became of one batch: `entry` is the new one, None where nothing changed or there was trouble."""

    batch: LedgerEntry
    entry: LedgerEntry | None = None
    trouble: Trouble | None = None

    @property
    def freed_rows_count(self) -> int:
        """How many rows that were refused have landed now."""
        return self.batch.quarantined_rows_count - self.entry.quarantined_rows_count if self.entry else 0


def batches_to_replay(
    ledger: Ledger, *, senders: Collection[str] | None = None, feeds: Collection[str] | None = None
) -> list[LedgerEntry]:
    """The newest batch of each payload where it has refused rows, by sender and sequence."""
    found: list[LedgerEntry] = []
    for sender_id in ledger.sender_ids():
        if senders is not None and sender_id not in senders:
            continue
        batches = [entry for entry in ledger.entries(sender_id) if entry.kind == "batch"]
        newest = {(entry.feed, entry.period_start, entry.payload_sha256): entry for entry in batches}
        found += [
            entry
            for entry in sorted(newest.values(), key=lambda entry: entry.sequence)
            if entry.quarantined_rows_count and (feeds is None or entry.feed in feeds)
        ]
    return found


def replay(
    settings: Settings,
    registry: Registry,
    *,
    senders: Collection[str] | None = None,
    feeds: Collection[str] | None = None,
    on_done: Callable[[Replay], None] | None = None,
    now: datetime | None = None,
) -> list[Replay]:
    """Take every batch with refused rows again (of `senders` and `feeds`, default all).

    A payload that the sender no longer has as it was is trouble that says so. Raises LandingError, SettingsError,
    CampaignError.
    """
    landing = Landing.of(settings, now)
    ledger = read_ledger(settings.landing_dir)
    found = []
    for batch in batches_to_replay(ledger, senders=senders, feeds=feeds):
        outcome = _replay_batch(landing, ledger, registry, batch, settings.secret)
        found.append(outcome)
        if on_done is not None:
            on_done(outcome)
    return found


def _replay_batch(
    landing: Landing, ledger: Ledger, registry: Registry, batch: LedgerEntry, resolve_secret: ResolveSecret
) -> Replay:
    task = _task(landing, registry, batch)
    if task is None:
        message = "the registry no longer names this sender with this feed; the payload can't be read again"
        trouble = Trouble(batch.sender_id, batch.feed, batch.period_start, batch.source_name, None, message)
        return Replay(batch, trouble=trouble)
    try:
        payload = _read_again(landing, task, batch, resolve_secret)
        return Replay(batch, entry=_land_if_changed(landing, ledger, task, payload, batch))
    except SourceError as error:
        return Replay(batch, trouble=trouble_of(task, error))


def _task(landing: Landing, registry: Registry, batch: LedgerEntry) -> PullTask | None:
    sender = next((sender for sender in registry.senders if sender.id == batch.sender_id), None)
    if sender is None or batch.feed not in sender.feeds:
        return None
    period = next((period for period in landing.terms.periods if period.key == batch.period_start), None)
    return PullTask(sender, batch.feed, period) if (period is None) == (batch.period_start is None) else None


def _read_again(landing: Landing, task: PullTask, batch: LedgerEntry, resolve_secret: ResolveSecret) -> Payload:
    """The payload of `batch` as the sender has it now. Raises SourceError when it isn't the same, or unreadable."""
    errors: list[SourceError] = []
    is_files = source_of(task).connector == "files"
    delivered = fetch(
        source_of(task),
        task.sender,
        task.feed,
        task.period,
        # A server is asked for the window of that time, which began with that clock.
        landing.terms.now if is_files else datetime.fromisoformat(batch.began_at),
        resolve_secret=resolve_secret,
        already_taken=lambda sha256: sha256 != batch.payload_sha256,
        last_period=landing.terms.periods[-1],
    )
    for item in delivered:
        if isinstance(item, SourceError):
            errors.append(item)
        elif item.payload_sha256 == batch.payload_sha256:
            return item
    named = [error for error in errors if not is_files or error.source_name == batch.source_name]
    if named:
        raise named[0]
    gone = "no file of the inbox has its hash" if is_files else "the sender answers that window otherwise now"
    # A period that has settled isn't pulled again by itself.
    taken_by = "the next pull" if is_files else f"`warehouse pull --period {batch.period_start}`"
    message = f"the payload is gone ({gone}); what it sends now is taken by {taken_by}"
    raise PermanentSourceError(batch.sender_id, batch.feed, batch.source_name, message)


def _land_if_changed(
    landing: Landing, ledger: Ledger, task: PullTask, payload: Payload, batch: LedgerEntry
) -> LedgerEntry | None:
    with open_workspace(landing.memory_limit) as connection:
        checked = check(connection, payload, landing.terms)
        checked = leave_out_erased(connection, landing.folder, ledger.entries(task.sender.id), checked)
        if batch.key_id == landing.key_id and refusals(connection, checked) == _earlier(connection, landing, batch):
            return None
        with ledger.appending(task.sender.id) as appender:
            sweep(landing.folder, appender, list(task.sender.feeds))
            return write_batch(connection, landing.folder, appender, checked, landing.terms)


def _earlier(
    connection: duckdb.DuckDBPyConnection, landing: Landing, batch: LedgerEntry
) -> set[tuple[int, str, str]] | None:
    """The refusals of `batch`; None where its quarantine file is gone, which equals no set of refusals."""
    path = landing.folder / (batch.quarantine_file or "")
    if not path.is_file():
        return None
    query = "SELECT position, field, reason FROM read_parquet(?)"
    return set(connection.execute(query, [str(path)]).fetchall())
