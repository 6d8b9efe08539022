"""Landing → raw: the batches that the warehouse has not seen, in one transaction.

    landing/_ledger + landing/<feed>/... → raw.<feed>, raw.ledger, raw.quarantine, raw.config_*

A batch is in raw exactly when its ledger entry is in raw.ledger: both come with one commit, so a kill at any moment
leaves either the whole of a load or nothing of it, and a second run loads nothing. Run alone: `warehouse load`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from orchestration.landing.errors import LandingError
from orchestration.landing.ledger import LedgerEntry, read_ledger
from orchestration.loading.configuration import replace_configuration
from orchestration.loading.database import LoadingError, open_for_writing, writer_lock
from orchestration.loading.entries import choose_batches, insert_entries, note_what_came_before
from orchestration.loading.files import (
    delete_replaced,
    delete_rewritten,
    insert_landed,
    insert_quarantined,
    keep_arrival,
)
from orchestration.settings import Settings
from orchestration.sources.feeds import FEEDS

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LoadReport:
    """What one load did. `rows_by_feed` holds the feeds that gained rows; `problems` name the senders whose ledger
    could not be read, and whose new batches wait."""

    batches_count: int = 0
    entries_count: int = 0
    rows_by_feed: dict[str, int] = field(default_factory=dict)
    quarantined_rows_count: int = 0
    problems: tuple[str, ...] = ()


def load(settings: Settings, received_by: datetime | None = None) -> LoadReport:
    """Load what has landed and is not in raw yet; with `received_by` only what had been received by that moment.

    Waits for the writer lock. Raises LoadingError where a landed file is missing or unreadable, or where landing has
    lost entries that raw holds; raw is then as it was.
    """
    with writer_lock(settings), open_for_writing(settings) as connection:
        entries, problems = _new_entries(settings, connection, received_by)
        for problem in problems:
            logger.warning("%s", problem)
        if not entries:
            return LoadReport(problems=tuple(problems))
        connection.begin()
        try:
            report = _load_entries(settings, connection, entries, problems)
            if any(entry.kind == "config" for entry in entries):
                replace_configuration(settings, connection, received_by)
        except BaseException:
            connection.rollback()
            raise
        connection.commit()
        return report


def _new_entries(
    settings: Settings, connection: duckdb.DuckDBPyConnection, received_by: datetime | None
) -> tuple[list[LedgerEntry], list[str]]:
    loaded = dict(connection.execute("select sender_id, max(sequence) from raw.ledger group by all").fetchall())
    ledger = read_ledger(settings.landing_dir)
    entries: list[LedgerEntry] = []
    problems: list[str] = []
    for sender_id in sorted({*ledger.sender_ids(), *loaded}):
        try:
            chain = ledger.chain(sender_id)
        except LandingError as error:
            problems.append(str(error))
            continue
        last_loaded = loaded.get(sender_id, 0)
        if chain.head.sequence < last_loaded:
            raise LoadingError(
                f"{sender_id}: its ledger ends with entry {chain.head.sequence}, but the warehouse holds {last_loaded} "
                "of them: landing was cut off, or restored from an older copy (`warehouse verify` says more)"
            )
        entries.extend(entry for entry in chain.entries[last_loaded:] if _is_known(entry, received_by))
    return entries, problems


def _is_known(entry: LedgerEntry, received_by: datetime | None) -> bool:
    return received_by is None or datetime.fromisoformat(entry.received_at) <= received_by


def _load_entries(
    settings: Settings, connection: duckdb.DuckDBPyConnection, entries: Sequence[LedgerEntry], problems: Sequence[str]
) -> LoadReport:
    insert_entries(connection, entries)
    note_what_came_before(connection)
    choose_batches(connection, entries)
    delete_rewritten(connection)
    inserted = {name: insert_landed(settings, connection, feed) for name, feed in FEEDS.items()}
    quarantined = insert_quarantined(settings, connection)
    keep_arrival(connection)
    delete_replaced(connection)
    return LoadReport(
        batches_count=sum(entry.kind == "batch" for entry in entries),
        entries_count=len(entries),
        rows_by_feed={name: count for name, count in inserted.items() if count},
        quarantined_rows_count=quarantined,
        problems=tuple(problems),
    )
