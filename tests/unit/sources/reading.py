"""Shared by the tests of sources: senders without a registry file, and payloads as plain rows."""

from __future__ import annotations

import csv
from datetime import date, datetime
from pathlib import Path
from typing import Any

from orchestration.calendar import Period
from orchestration.settings import SHANGHAI
from orchestration.sources.feeds import BUREAU_FEEDS, SenderKind
from orchestration.sources.payload import Payload
from orchestration.sources.readers.rows import Rows
from orchestration.sources.registry.senders import FeedSource, Sender

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
NOW = datetime(2020, 7, 10, 9, tzinfo=SHANGHAI)
SECRETS = {"TOKEN": "t0ken", "USER": "lrs", "PASSWORD": "pa55"}


def period(number: int) -> Period:
    start = date.fromordinal(date(2020, 3, 23).toordinal() + 14 * (number - 1))
    return Period(start, date.fromordinal(start.toordinal() + 13), number, NOW)


def sender(sender_id: str = "P001") -> Sender:
    kind = SenderKind.BUREAU if sender_id.isdigit() else SenderKind.PLATFORM
    return Sender(sender_id, sender_id, kind, {})


def source(feed: str, connector: str, **keys: Any) -> FeedSource:
    defaults: dict[str, Any] = {
        "base_url": None, "token_env": "TOKEN", "username_env": "USER", "password_env": "PASSWORD", "inbox": None,
        "encoding": "utf-8", "column_map": None, "snapshot": False, "due_every_period": feed not in BUREAU_FEEDS,
    }  # fmt: skip
    if connector == "files":
        defaults |= {"username_env": None, "password_env": None}
    return FeedSource(feed=feed, connector=connector, **(defaults | keys))  # type: ignore[arg-type]


def rows(payload: Payload | Rows) -> list[dict[str, Any]]:
    """Every row as a mapping, in order of position."""
    return payload.table.sort_by("_position").to_pylist()


def expected_rows(path: Path) -> list[dict[str, Any]]:
    """Rows of a hand-written CSV: empty is null, `_position` a number."""
    with path.open(encoding="utf-8", newline="") as stream:
        found = [{name: value or None for name, value in row.items()} for row in csv.DictReader(stream)]
    return [{**row, "_position": int(row["_position"])} for row in found]
