"""Where a publication comes from: which run and clock, which ledger entries, which code."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import duckdb

from orchestration.landing.ledger import Chain, read_ledger
from orchestration.settings import PROJECT_ROOT, SHANGHAI, Settings

_UNKNOWN = "unknown"


@dataclass(frozen=True)
class Provenance:
    """Times are Shanghai wall time. `ledger_heads`: sender → sequence and hash of the last entry that the warehouse had
    loaded; `ledger_head_sha256` is one hash over all of them."""

    published_at: datetime
    run_id: str | None
    known_at: datetime | None
    ledger_heads: Mapping[str, tuple[int, str]]
    git_version: str

    @property
    def ledger_head_sha256(self) -> str:
        lines = (f"{sender} {sequence} {sha256}\n" for sender, (sequence, sha256) in sorted(self.ledger_heads.items()))
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def read_provenance(settings: Settings, connection: duckdb.DuckDBPyConnection, database: str) -> Provenance:
    """`connection` has the warehouse attached as `database`. Raises duckdb.Error, LandingError."""
    control = connection.execute(f"select run_id, clock from {database}.raw.control").fetchall()
    run_id, known_at = control[0] if control else (None, None)
    loaded = connection.execute(f"select sender_id, max(sequence) from {database}.raw.ledger group by all").fetchall()
    ledger = read_ledger(settings.landing_dir)
    heads = {sender: (sequence, _sha256(ledger.chain(sender), sequence)) for sender, sequence in loaded}
    now = settings.now().astimezone(SHANGHAI).replace(tzinfo=None)
    return Provenance(now, run_id, known_at, heads, git_version())


def _sha256(chain: Chain, sequence: int) -> str:
    """The hash of an entry: the next one holds it, and the chain's head that of the last."""
    if sequence == chain.head.sequence:
        return chain.head.sha256
    return chain.entries[sequence].previous_sha256 if sequence < len(chain.entries) else _UNKNOWN


def git_version() -> str:
    """The commit of the code, `-dirty` where files differ from it; `unknown` outside a repository."""
    command = ["git", "-C", str(PROJECT_ROOT), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return _UNKNOWN
    return done.stdout.strip() or _UNKNOWN
