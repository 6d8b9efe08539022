"""One GET, made to succeed or to say why it can't: retries, waiting as told, bodies that are whole or nothing.

What is retried: timeouts, connections that break, 408, 425, 429, 5xx, and bodies that don't parse. 429 and 503 say by
Retry-After when to come back; otherwise the wait doubles, with jitter, so that 50 senders' clients don't march in step.
Every other status is final.
"""

from __future__ import annotations

import codecs
import email.utils
import ipaddress
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec
import tenacity

from orchestration.sources.errors import PermanentSourceError, TransientSourceError
from orchestration.sources.texts import is_utf8

Page = TypeVar("Page")

MAXIMUM_TRIES = 6
# A refused connection seldom mends within seconds, and a build asks a dead platform for every feed and period.
MAXIMUM_CONNECT_TRIES = 3
FIRST_WAIT_SECONDS = 0.25
LONGEST_WAIT_SECONDS = 20.0
LONGEST_RETRY_AFTER_SECONDS = 120.0
# httpx's own limit is for each read; a body that drips on for ever needs one of the whole.
LONGEST_RESPONSE_SECONDS = 300.0
# In a row: a server may answer a page that a filter left empty, but not for ever.
MAXIMUM_EMPTY_PAGES = 50
TIMEOUT = httpx.Timeout(60.0, connect=10.0)
_RETRIED = frozenset({408, 425, 429}) | frozenset(range(500, 600))
_TELLS_WHEN = frozenset({429, 503})


class _Retryable(Exception):
    """This try failed; `retry_after` in seconds where the server named it."""

    def __init__(self, message: str, *, retry_after: float | None = None, is_unreachable: bool = False) -> None:
        self.message = message
        self.retry_after = retry_after
        self.is_unreachable = is_unreachable
        super().__init__(message)


class Requests:
    """The requests of one pull of one sender's feed. Use as a context manager; `sleep` is replaced in tests."""

    def __init__(
        self,
        sender_id: str,
        feed: str,
        source_name: str,
        base_url: str,
        *,
        refused_hint: str,
        headers: Mapping[str, str],
        auth: httpx.Auth | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`refused_hint` ends the sentence "401 Unauthorized; ...": which variable's value was refused."""
        self._named = (sender_id, feed, source_name)
        self._base_url = base_url
        self._refused_hint = refused_hint
        self._sleep = sleep
        self._client = httpx.Client(
            headers=headers,
            auth=auth,
            timeout=TIMEOUT,
            verify=_tls(),
            # A proxy configured for the machine can't reach the machine's own loopback.
            trust_env=not _is_loopback(base_url),
        )

    def __enter__(self) -> Requests:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, url: str, parameters: Mapping[str, str] | None, parse: Callable[[bytes], Page]) -> Page:
        """The parsed body of a 200. `parse` raises msgspec.MsgspecError on a body that is cut off or no such page.

        Raises PermanentSourceError, or TransientSourceError once the tries are used up.
        """
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Retryable),
            stop=_enough_tries,
            wait=_wait,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(self._once, url, parameters, parse)
        except _Retryable as error:
            tries = retrying.statistics.get("attempt_number", 1)
            raise TransientSourceError(*self._named, f"{error.message} (tried {tries} times)") from None

    def permanent(self, message: str) -> PermanentSourceError:
        return PermanentSourceError(*self._named, message)

    def _once(self, url: str, parameters: Mapping[str, str] | None, parse: Callable[[bytes], Page]) -> Page:
        try:
            with self._client.stream("GET", url, params=parameters) as response:
                self._check_status(response)
                body = _whole_body(response)
        except httpx.InvalidURL:
            raise self.permanent("an answer names a next page that can't be asked for: no valid address") from None
        except httpx.ConnectError:
            host = urlsplit(self._base_url).netloc
            raise _Retryable(f"{host} can't be reached", is_unreachable=True) from None
        except httpx.TimeoutException as error:
            raise _Retryable(f"no answer in time ({type(error).__name__})") from None
        except httpx.DecodingError:
            raise _Retryable("the body's compression is broken") from None
        except httpx.TransportError as error:
            raise _Retryable(f"the connection broke before the body was whole ({type(error).__name__})") from None
        body = body.removeprefix(codecs.BOM_UTF8)
        # msgspec doesn't look into the rows that it passes on unparsed.
        if not is_utf8(body):
            raise _Retryable("the body is not UTF-8, as JSON must be")
        try:
            return parse(body)
        except msgspec.ValidationError as error:
            # Says which key has which type, never a value.
            raise _Retryable(f"the body is JSON but no such page: {error}") from None
        except RecursionError:
            raise self.permanent("the body holds a value that is nested too deeply to be read") from None
        except msgspec.MsgspecError:
            raise _Retryable(_no_json(body)) from None

    def _check_status(self, response: httpx.Response) -> None:
        status = response.status_code
        if status == HTTPStatus.OK:
            return
        said = f"{status} {response.reason_phrase}".strip()
        if status in _RETRIED:
            retry_after = _retry_after(response) if status in _TELLS_WHEN else None
            raise _Retryable(said, retry_after=retry_after)
        raise self._final(status, said)

    def _final(self, status: int, said: str) -> PermanentSourceError:
        hints = {
            400: "the server doesn't understand the request",
            401: self._refused_hint,
            403: self._refused_hint,
            404: f"nothing is served there; is base_url right ({self._base_url})?",
            405: "the server allows no GET there; is base_url right?",
        }
        if 300 <= status < 400:
            return self.permanent(f"{said}; the server points elsewhere, base_url must be the final address")
        hint = hints.get(status, "not an answer that another try would change")
        return HttpStatusError(*self._named, f"{said}; {hint}", status=status)


class HttpStatusError(PermanentSourceError):
    """A final status, kept as a number for a caller to whom one of them means something."""

    def __init__(self, sender_id: str, feed: str, source_name: str, message: str, *, status: int) -> None:
        super().__init__(sender_id, feed, source_name, message)
        self.status = status


class PageWalk:
    """A way from page to page that ends, whatever the server answers. `links`: what leads on, in words for messages,
    as all of them and as one (`the cursors`, `a next_cursor`)."""

    def __init__(self, requests: Requests, links: str, link: str) -> None:
        self._requests, self._links, self._link = requests, links, link
        self._followed: set[str] = set()
        self._empty_pages = 0

    def note(self, *, is_empty: bool) -> None:
        """Count a page that leads on. Raises PermanentSourceError at the last of too many empty ones in a row."""
        self._empty_pages = self._empty_pages + 1 if is_empty else 0
        if self._empty_pages >= MAXIMUM_EMPTY_PAGES:
            raise self._requests.permanent(f"{self._empty_pages} empty pages in a row, each with {self._link}")

    def follow(self, link: str) -> None:
        """Take a link. Raises PermanentSourceError where it has been taken before."""
        if link in self._followed:
            raise self._requests.permanent(f"{self._links} run in a circle after {len(self._followed) + 1} pages")
        self._followed.add(link)


def _whole_body(response: httpx.Response) -> bytes:
    """Every byte that was announced; httpx raises when the connection ends before Content-Length or the last chunk."""
    began = time.monotonic()
    parts = []
    for part in response.iter_bytes():
        parts.append(part)
        if time.monotonic() - began > LONGEST_RESPONSE_SECONDS:
            raise _Retryable(f"the body took more than {LONGEST_RESPONSE_SECONDS:.0f} s")
    return b"".join(parts)


def _no_json(body: bytes) -> str:
    if body.lstrip()[:1] == b"<":
        return "the body is HTML or XML, not JSON; does a gateway or a login page answer for base_url?"
    return "the body is no whole JSON page; cut off?" if body else "the body is empty"


def _retry_after(response: httpx.Response) -> float | None:
    """Retry-After in seconds, from either of its forms; None when absent or unreadable."""
    text = response.headers.get("Retry-After", "").strip()
    # A header may hold any Latin-1, in which ² is a digit too.
    if text.isdecimal():
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(tz=UTC)).total_seconds())


def _failure(state: tenacity.RetryCallState) -> _Retryable:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, _Retryable), "tenacity asks only after a try that failed"
    return error


def _enough_tries(state: tenacity.RetryCallState) -> bool:
    error = _failure(state)
    if (error.retry_after or 0.0) > LONGEST_RETRY_AFTER_SECONDS:
        error.message += f"; asks to come back in {error.retry_after:.0f} s"
        return True
    return state.attempt_number >= (MAXIMUM_CONNECT_TRIES if error.is_unreachable else MAXIMUM_TRIES)


_backoff = tenacity.wait_exponential_jitter(
    multiplier=FIRST_WAIT_SECONDS, max=LONGEST_WAIT_SECONDS, jitter=FIRST_WAIT_SECONDS
)


def _wait(state: tenacity.RetryCallState) -> float:
    told = _failure(state).retry_after
    return _backoff(state) if told is None else told


@cache
def _tls() -> ssl.SSLContext:
    """Reading the certificate store takes longer than a small pull: once for all."""
    return httpx.create_ssl_context()


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
