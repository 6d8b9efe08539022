"""Platforms that answer `GET {base_url}/v1/{feed}` in pages with a cursor.

Way: page -> split into one JSON text a row by msgspec.Raw, unparsed -> all pages in memory -> ndjson.py. A page that is
not whole is asked for again, and a pull that lacks a page is no payload at all.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

import msgspec

from orchestration.calendar import Period
from orchestration.sources.column_map import load_column_map
from orchestration.sources.errors import PermanentSourceError
from orchestration.sources.feeds import FEEDS
from orchestration.sources.payload import Payload
from orchestration.sources.readers.ndjson import read_rows
from orchestration.sources.readers.rows import FormatError
from orchestration.sources.registry.senders import FeedSource, ResolveSecret, Sender
from orchestration.sources.servers.http import PageWalk, Requests
from orchestration.sources.servers.pulled import pulled_payload
from orchestration.sources.servers.window import window_of
from orchestration.sources.turns import NO_TURN, Turn

PAGE_LIMIT = 5_000


class _Page(msgspec.Struct):
    # No default for the cursor: a page without it would end the pull early and nobody would know.
    data: list[msgspec.Raw]
    next_cursor: str | int | None


_decode_page = msgspec.json.Decoder(_Page).decode


def fetch_rest(
    source: FeedSource,
    sender: Sender,
    period: Period,
    now: datetime,
    *,
    resolve_secret: ResolveSecret,
    is_last_period: bool = False,
    turn: Turn = NO_TURN,
    sleep: Callable[[float], None] = time.sleep,
) -> Payload:
    """All pages of one feed's window as one payload. Raises SourceError."""
    assert source.base_url and source.token_env, "the registry requires both of the rest connector"
    window = window_of(period, now, is_last_period=is_last_period)
    name = f"v1/{source.feed}"
    parameters = {"updated_to": window.closes_at.isoformat(), "limit": str(PAGE_LIMIT)}
    if window.opens_at is not None:
        parameters["updated_from"] = window.opens_at.isoformat()
    with Requests(
        sender.id,
        source.feed,
        name,
        source.base_url,
        refused_hint=f"the token in {source.token_env} was refused",
        headers={"Authorization": f"Bearer {resolve_secret(source.token_env) or ''}", "Accept": "application/json"},
        sleep=sleep,
    ) as requests:
        rows = _all_pages(requests, f"{source.base_url}/{name}", parameters)
    try:
        with turn:
            found = read_rows(rows, FEEDS[source.feed], load_column_map(source.column_map, source.feed))
            return pulled_payload(source, sender, period, window, now, source_name=name, delivered=rows, found=found)
    except FormatError as error:
        raise PermanentSourceError(sender.id, source.feed, name, error.message, error.field, error.row) from None


def _all_pages(requests: Requests, url: str, parameters: dict[str, str]) -> list[msgspec.Raw]:
    """The rows of every page in order, each as JSON text. Raises SourceError, also when the cursors run in a circle."""
    rows: list[msgspec.Raw] = []
    walk = PageWalk(requests, "the cursors", "a next_cursor")
    while True:
        page = requests.get(url, parameters, _decode_page)
        rows.extend(page.data)
        cursor = "" if page.next_cursor is None else str(page.next_cursor)
        if not cursor:
            return rows
        walk.follow(cursor)
        walk.note(is_empty=not page.data)
        parameters = {**parameters, "cursor": cursor}
