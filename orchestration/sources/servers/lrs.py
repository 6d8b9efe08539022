"""An LRS's statements over HTTP: pages of a window, and single statements that were voided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

import msgspec

from orchestration.sources.servers.http import HttpStatusError, PageWalk, Requests

NAME = "statements"
PAGE_LIMIT = 1_000
# `since` is exclusive; a second rather than a microsecond, because an LRS may keep `stored` coarser than it shows it.
AN_INSTANT = timedelta(seconds=1)


class _Page(msgspec.Struct):
    statements: list[msgspec.Raw]
    more: str | None = None


class _Identity(msgspec.Struct):
    id: str


_decode_page = msgspec.json.Decoder(_Page).decode
_decode_any = msgspec.json.Decoder(msgspec.Raw).decode
_decode_identity = msgspec.json.Decoder(_Identity).decode


class _NoSuchParameter(Exception):
    """The LRS doesn't know `voidedStatementId`."""


class Lrs:
    """What the reader asks of an LRS. Every method raises SourceError."""

    def __init__(self, requests: Requests, base_url: str) -> None:
        self._requests = requests
        self._base_url = base_url

    def stored_between(self, opens_at: datetime | None, closes_at: datetime) -> list[msgspec.Raw]:
        """The statements of that stretch and, at both its edges, an instant more."""
        return [statement for page in self._pages(opens_at, closes_at) for statement in page]

    def voided_statements(self, ids: set[str], before: datetime | None) -> list[msgspec.Raw]:
        """Those of the voided statements that the LRS shows, in order of their ids.

        Asked one by one by `voidedStatementId`. An LRS that knows no such parameter still lists what was voided among
        its statements: there what was stored before the window is read until all are found.
        """
        found: dict[str, msgspec.Raw] = {}
        for statement_id in sorted(ids):
            try:
                statement = self._voided_statement(statement_id)
            except _NoSuchParameter:
                if before is not None:
                    found |= self._searched(ids, before)
                break
            if statement is not None:
                found[statement_id] = statement
        return [found[statement_id] for statement_id in sorted(found)]

    def _voided_statement(self, statement_id: str) -> msgspec.Raw | None:
        url = f"{self._base_url}/{NAME}"
        try:
            statement = self._requests.get(url, {"voidedStatementId": statement_id}, _decode_any)
        except HttpStatusError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise _NoSuchParameter from None
        if _identity(statement) != statement_id:
            # A list, as if nothing had been asked.
            raise _NoSuchParameter
        return statement

    def _searched(self, ids: set[str], before: datetime) -> dict[str, msgspec.Raw]:
        found: dict[str, msgspec.Raw] = {}
        for page in self._pages(None, before):
            found |= {identity: statement for statement in page if (identity := _identity(statement)) in ids}
            if len(found) == len(ids):
                break
        return found

    def _pages(self, opens_at: datetime | None, closes_at: datetime) -> Iterator[list[msgspec.Raw]]:
        asked = {"until": closes_at.isoformat(), "ascending": "true", "limit": str(PAGE_LIMIT)}
        if opens_at is not None:
            asked["since"] = (opens_at - AN_INSTANT).isoformat()
        parameters: Mapping[str, str] | None = asked
        url = f"{self._base_url}/{NAME}"
        walk = PageWalk(self._requests, "the `more` links", "a `more`")
        while True:
            page = self._requests.get(url, parameters, _decode_page)
            yield page.statements
            if not page.more:
                return
            walk.note(is_empty=not page.statements)
            url, parameters = self._next(page.more), None
            walk.follow(url)

    def _next(self, more: str) -> str:
        try:
            url = urljoin(f"{self._base_url}/", more)
            is_elsewhere = urlsplit(url)[:2] != urlsplit(self._base_url)[:2]
        except ValueError:
            raise self._requests.permanent("`more` is no valid address") from None
        if is_elsewhere:
            # The user name and password must not go to whomever an answer names.
            raise self._requests.permanent("`more` points to another server than base_url")
        return url


def _identity(statement: msgspec.Raw) -> str | None:
    try:
        return _decode_identity(statement).id
    except msgspec.MsgspecError:
        return None
