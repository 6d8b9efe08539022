"""Learning records from an LRS (xAPI 1.0.3 and 2.0.0 statements).

Way: `GET {base_url}/statements` page by page -> msgspec structs that have no place for an actor -> columns -> fields of
learning_records. A statement's `stored` decides its window and is its updated_at.

A voided statement is no longer among an LRS's answers, and may have been stored in an earlier window than the voiding.
So each voiding statement becomes a new state of its target: the target's own fields, status voided, updated_at = the
voiding's `stored`; a target outside the window is fetched by `voidedStatementId`. If the LRS can't show it, the row
is malformed, so that it stands in quarantine instead of being forgotten.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urljoin, urlsplit

import httpx
import msgspec
import pyarrow as pa

from orchestration.calendar import Period
from orchestration.sources.column_map import load_column_map
from orchestration.sources.feeds import FEEDS
from orchestration.sources.http import PermanentSourceErrorWithStatus, Requests
from orchestration.sources.payload import MALFORMED, POSITION, Payload
from orchestration.sources.registry import FeedSource, ResolveSecret, Sender
from orchestration.sources.rows import private_connection, rows_of_table, sha256_of_rows
from orchestration.sources.statements import (
    learning_record_fields,
    statements_table,
    unreachable_targets,
    voidings,
    within,
)
from orchestration.sources.window import Window, window_of

VERSION_HEADER = {"X-Experience-API-Version": "1.0.3"}
NAME = "statements"
PAGE_LIMIT = 1_000
# `since` is exclusive; a second rather than a microsecond, because an LRS may keep `stored` coarser than it shows it.
AN_INSTANT = timedelta(seconds=1)
_MISSING_STATUS = 404


class _Page(msgspec.Struct):
    statements: list[msgspec.Raw]
    more: str | None = None


_decode_page = msgspec.json.Decoder(_Page).decode
_decode_any = msgspec.json.Decoder(msgspec.Raw).decode


def fetch_xapi(
    source: FeedSource,
    sender: Sender,
    period: Period,
    now: datetime,
    *,
    resolve_secret: ResolveSecret,
    is_last_period: bool = False,
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
        statements = _all_pages(requests, source.base_url, window)
        with private_connection() as connection:
            delivered = statements_table(statements)
            kept = within(connection, delivered, window.opens_at, window.closes_at)
            delivered = delivered.take(pa.array(kept, pa.int64()))
            voided = voidings(connection, delivered)
            elsewhere = sorted(set(voided).difference(delivered["id"].to_pylist()))
            shown = [_voided_statement(requests, source.base_url, statement_id) for statement_id in elsewhere]
            targets = [statement for statement in shown if statement is not None]
            whole = pa.concat_tables(
                [delivered, statements_table(targets), unreachable_targets(len(shown) - len(targets))]
            )
            table = learning_record_fields(connection, whole, voided)
    found = rows_of_table(
        table.column_names[2:],
        table.columns[2:],
        FEEDS[source.feed],
        load_column_map(None, source.feed),
        positions=table[POSITION],
        malformed=table[MALFORMED],
    )
    payload = [*(statements[index] for index in kept), *targets]
    return Payload(
        sender_id=sender.id,
        feed=source.feed,
        period_start=period.start,
        source_name=NAME,
        payload_sha256=sha256_of_rows(payload),
        bytes_count=sum(map(len, payload)),
        window_from=window.opens_at,
        window_to=window.closes_at,
        began_at=now,
        is_whole=window.is_whole,
        header=found.header,
        delivered_header=found.delivered_header,
        non_personal=found.non_personal,
        unknown_columns=found.unknown_columns,
        reader=found.reader,
    )


def _all_pages(requests: Requests, base_url: str, window: Window) -> list[msgspec.Raw]:
    """Every statement of a window a little wider than asked for. Raises SourceError."""
    asked = {"until": window.closes_at.isoformat(), "ascending": "true", "limit": str(PAGE_LIMIT)}
    if window.opens_at is not None:
        asked["since"] = (window.opens_at - AN_INSTANT).isoformat()
    parameters: dict[str, str] | None = asked
    url = f"{base_url}/{NAME}"
    statements: list[msgspec.Raw] = []
    visited: set[str] = set()
    while True:
        page = requests.get(url, parameters, _decode_page)
        statements.extend(page.statements)
        if not page.more:
            return statements
        url, parameters = urljoin(f"{base_url}/", page.more), None
        if urlsplit(url)[:2] != urlsplit(base_url)[:2]:
            # The user name and password must not go to whomever an answer names.
            raise requests.permanent("`more` points to another server than base_url")
        if url in visited:
            raise requests.permanent(f"the `more` links run in a circle after {len(visited) + 1} pages")
        visited.add(url)


def _voided_statement(requests: Requests, base_url: str, statement_id: str) -> msgspec.Raw | None:
    """The voided statement itself; None when the LRS has none of that id. Raises SourceError for any other trouble."""
    try:
        return requests.get(f"{base_url}/{NAME}", {"voidedStatementId": statement_id}, _decode_any)
    except PermanentSourceErrorWithStatus as error:
        if error.status == _MISSING_STATUS:
            return None
        raise
