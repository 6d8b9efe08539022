"""`warehouse verify`: landing against its own chain of hashes, and against what warehouse and readers have seen of it.

landing/ + marts.publication_ledger (published copy) + raw.ledger (warehouse) → findings
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from orchestration.landing.errors import LandingError
from orchestration.landing.ledger import read_ledger
from orchestration.landing.verify import Finding, verify
from orchestration.loading.database import open_for_reading
from orchestration.reporting.status import open_published, published_database
from orchestration.settings import Settings


@dataclass(frozen=True)
class Verification:
    """`anchored_count`: senders whose ledger's end is known from outside, so that a cut-off tail would be seen."""

    senders_count: int
    batches_count: int
    anchored_count: int
    findings: tuple[Finding, ...]


def verify_landing(settings: Settings) -> Verification:
    """Check everything that has been landed. Raises LandingError, UnreadableDatabaseError."""
    loaded = _loaded(settings)
    anchors = _published(settings)
    for sender_id, (sequence, previous_sha256) in loaded.items():
        # Of the last entry loaded the warehouse knows only its predecessor's hash.
        if sequence - 1 > anchors.get(sender_id, (0, ""))[0]:
            anchors[sender_id] = (sequence - 1, previous_sha256)
    try:
        findings = verify(settings.landing_dir, anchors)
    except OSError as error:
        raise LandingError(f"can't read {error.filename}: {error.strerror}") from None
    senders, batches, ends = 0, 0, {}
    ledger = read_ledger(settings.landing_dir)
    for sender_id in ledger.sender_ids():
        senders += 1
        try:
            entries = ledger.entries(sender_id)
        except LandingError:
            continue  # among the findings already
        batches += sum(entry.kind != "pull" for entry in entries)
        ends[sender_id] = max((entry.sequence for entry in entries), default=0)
    cut_off = [
        Finding(sender_id, sequence, None, "cut_off", f"entry {sequence} is missing at the end; it was loaded")
        for sender_id, (sequence, _) in loaded.items()
        if ends.get(sender_id, sequence) == sequence - 1 == anchors.get(sender_id, (0, ""))[0]
    ]
    return Verification(senders, batches, len({*anchors, *loaded}), (*findings, *cut_off))


def _published(settings: Settings) -> dict[str, tuple[int, str]]:
    if not published_database(settings).exists():
        return {}
    with open_published(settings) as connection:
        rows = connection.execute("select sender_id, sequence, entry_sha256 from marts.publication_ledger").fetchall()
    return {sender_id: (sequence, sha256) for sender_id, sequence, sha256 in rows}


def _loaded(settings: Settings) -> dict[str, tuple[int, str]]:
    """Sender → the last sequence loaded, and the hash of the entry before it."""
    if not settings.database_path.exists():
        return {}
    with open_for_reading(settings) as connection:
        try:
            rows = connection.execute(
                "select sender_id, max(sequence), arg_max(previous_sha256, sequence) from raw.ledger group by all"
            ).fetchall()
        except duckdb.CatalogException:
            return {}
    return {sender_id: (sequence, previous_sha256) for sender_id, sequence, previous_sha256 in rows}
