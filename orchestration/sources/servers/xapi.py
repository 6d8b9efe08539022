"""Learning records from an LRS (xAPI 1.0.3 and 2.0.0 statements).

Way: `GET {base_url}/statements` page by page -> msgspec structs that have no place for an actor -> columns -> fields of
learning_records. A statement's `stored` decides its window and is its updated_at.

A voided statement is no longer among an LRS's answers, and may have been stored in an earlier window than the voiding.
So each voiding statement becomes a new state of its target: the target's own fields, status voided, updated_at = the
voiding's `stored`; a target outside the window is fetched (lrs.py). If the LRS can't show it, the row is malformed, so
that it stands in quarantine instead of being forgotten.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

import httpx
import pyarrow as pa

from orchestration.calendar import Period
from orchestration.sources.column_map import load_column_map
from orchestration.sources.feeds import FEEDS
from orchestration.sources.memory import memory_connection
from orchestration.sources.payload import MALFORMED, POSITION, Payload
from orchestration.sources.readers.rows import rows_of_table
from orchestration.sources.registry.senders import FeedSource, ResolveSecret, Sender
from orchestration.sources.servers.http import Requests
from orchestration.sources.servers.lrs import NAME, Lrs
from orchestration.sources.servers.pulled import pulled_payload
from orchestration.sources.servers.statements import (
    learning_record_fields,
    statements_table,
    unreachable_targets,
    voidings,
    within,
)
from orchestration.sources.servers.window import window_of
from orchestration.sources.turns import NO_TURN, Turn

VERSION_HEADER = {"X-Experience-API-Version": "1.0.3"}


def fetch_xapi(
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
    """All statements stored in the period's window as one payload. Raises SourceError."""
    assert source.base_url and source.username_env and source.password_env, "the registry requires them of xapi"
    window = window_of(period, now, is_last_period=is_last_period)
    with Requests(
        sender.id,
        source.feed,
        NAME,
        source.base_url,
        refused_hint=f"the user in {source.username_env} with the password in {source.password_env} was refused",
        headers={**VERSION_HEADER, "Accept": "application/json"},
        auth=httpx.BasicAuth(resolve_secret(source.username_env) or "", resolve_secret(source.password_env) or ""),
        sleep=sleep,
    ) as requests:
        lrs = Lrs(requests, source.base_url)
        statements = lrs.stored_between(window.opens_at, window.closes_at)
        with memory_connection() as connection:
            with turn:
                delivered = statements_table(statements)
                kept = within(connection, delivered, window.opens_at, window.closes_at)
                delivered = delivered.take(pa.array(kept, pa.int64()))
                voided = voidings(connection, delivered)
                elsewhere = set(voided).difference(delivered["id"].to_pylist())
            targets = lrs.voided_statements(elsewhere, before=window.opens_at)
            with turn:
                whole = pa.concat_tables(
                    [delivered, statements_table(targets), unreachable_targets(len(elsewhere) - len(targets))]
                )
                table = learning_record_fields(connection, whole, voided)
    with turn:
        found = rows_of_table(
            table.column_names[2:],
            table.columns[2:],
            FEEDS[source.feed],
            load_column_map(None, source.feed),
            positions=table[POSITION],
            malformed=table[MALFORMED],
        )
        payload = [*(statements[index] for index in kept), *targets]
        return pulled_payload(source, sender, period, window, now, source_name=NAME, delivered=payload, found=found)
