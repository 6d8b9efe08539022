"""One way to every sender: which connector reads a feed is the registry's business, not the caller's."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime

from orchestration.calendar import Period
from orchestration.sources.errors import SourceError
from orchestration.sources.files import fetch_files
from orchestration.sources.payload import Payload
from orchestration.sources.registry.senders import FeedSource, ResolveSecret, Sender
from orchestration.sources.turns import NO_TURN, Turn


def fetch(
    source: FeedSource,
    sender: Sender,
    feed: str,
    period: Period | None,
    now: datetime,
    *,
    resolve_secret: ResolveSecret,
    already_taken: Callable[[str], bool] = lambda sha256: False,
    last_period: Period | None = None,
    turn: Turn = NO_TURN,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Payload | SourceError]:
    """Every batch that the sender has for `feed`, as payloads; what can't be read comes as an error in their place.

    `period` is None only for a platform's files. `now` is the clock: it ends the window of a period still running and
    of `last_period`, the calendar's last one. `already_taken(payload_sha256)` lets a file pass unread; a
    pull by rest or xapi is always yielded, for landing records that it took place. `turn`: see turns.py.
    Never raises for sender trouble.
    """
    assert feed == source.feed, "one source is one feed's"
    if source.connector == "files":
        yield from fetch_files(
            source,
            sender,
            period,
            now,
            resolve_secret=resolve_secret,
            already_taken=already_taken,
            last_period=last_period,
            turn=turn,
        )
        return
    assert period is not None, "a server is asked for one period's window"
    try:
        yield _of_server(source)(
            source,
            sender,
            period,
            now,
            resolve_secret=resolve_secret,
            is_last_period=period == last_period,
            turn=turn,
            sleep=sleep,
        )
    except SourceError as error:
        yield error


def _of_server(source: FeedSource) -> Callable[..., Payload]:
    """How its server is asked. Loaded here: a pull of files alone does without an HTTP client."""
    if source.connector == "xapi":
        from orchestration.sources.servers.xapi import fetch_xapi

        return fetch_xapi
    from orchestration.sources.servers.rest import fetch_rest

    return fetch_rest
