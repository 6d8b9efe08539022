"""`warehouse quarantine list`: what the contract refused, row by row, from the quarantine files.

landing/_quarantine/<feed>/sender=<id>/<batch>.parquet → refusals, newest batch first
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import duckdb

from orchestration.landing.configuration import CONFIG_SENDER
from orchestration.landing.ledger import read_ledger
from orchestration.landing.replay import batches_to_replay
from orchestration.pipeline import UsageError, choose_feeds
from orchestration.settings import Settings
from orchestration.sources.checking.contract_sql import Reason


@dataclass(frozen=True)
class Refusal:
    """One reason against one row. `position`: data row of the file, or running number over the pages of a pull;
    `row_masked`: the row as JSON text, every identifying field replaced by its length."""

    sender_id: str
    feed: str
    period_start: date | None
    batch_id: str
    source_name: str
    position: int
    field: str
    reason: str
    payload_sha256: str
    row_masked: str


@dataclass(frozen=True)
class Refusals:
    """`refusals` are the first of `total_count`."""

    total_count: int
    rows_count: int
    refusals: tuple[Refusal, ...]


def read_refusals(
    settings: Settings,
    *,
    senders: Collection[str] = (),
    feeds: Collection[str] = (),
    reasons: Collection[str] = (),
    limit: int | None = None,
) -> Refusals:
    """The refusals that match, of batches as they stand after replays; an empty collection matches all.

    Raises UsageError for a sender of whom nothing has landed, a feed or a reason that there is not: "no refusals" would
    be read as good news.
    """
    ledger = read_ledger(settings.landing_dir)
    landed = [sender_id for sender_id in ledger.sender_ids() if sender_id != CONFIG_SENDER]
    _check("--sender", senders, landed, "nothing has been landed of it; landed is")
    _check("--reason", reasons, list(Reason), "there is no such reason; there are")
    choose_feeds(list(feeds))
    current = batches_to_replay(ledger)
    files = [str(settings.landing_dir / entry.quarantine_file) for entry in current if entry.quarantine_file]
    if not files:
        return Refusals(0, 0, ())
    with duckdb.connect(":memory:", config={"threads": settings.threads}) as connection:
        connection.execute(
            f"""
            create temporary table found as
            select {", ".join(Refusal.__dataclass_fields__)} from read_parquet($files, hive_partitioning = false)
            where (len($senders) = 0 or list_contains($senders, sender_id))
                and (len($feeds) = 0 or list_contains($feeds, feed))
                and (len($reasons) = 0 or list_contains($reasons, reason))
            """,
            {
                "files": files,
                "senders": list(senders),
                "feeds": list(feeds),
                "reasons": list(reasons),
            },
        )
        total, rows = connection.execute("select count(*), count(distinct (batch_id, position)) from found").fetchall()[
            0
        ]
        listed = connection.execute(
            f"""
            select {", ".join(Refusal.__dataclass_fields__)} from found
            order by period_start desc, sender_id, feed, batch_id, position, field, reason limit $limit
            """,
            {"limit": total if limit is None else limit},
        ).fetchall()
    return Refusals(total, rows, tuple(Refusal(*row) for row in listed))


def _check(option: str, asked: Collection[str], known: Collection[str], said: str) -> None:
    if unknown := [text for text in asked if text not in known]:
        raise UsageError(f"{option} {', '.join(unknown)}: {said} {', '.join(known) or 'nothing'}")
