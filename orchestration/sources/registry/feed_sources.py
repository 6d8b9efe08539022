"""One feed of a sender resolved: a feed's own value goes before its sender's, and each is checked."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import fsspec

from orchestration.sources.column_map import known_column_maps
from orchestration.sources.feeds import SenderKind
from orchestration.sources.registry.entries import CONNECTORS, FeedEntry, SenderEntry
from orchestration.sources.registry.senders import FeedSource, RegistryProblem, ResolveSecret

# What each connector can't do without. A secret is required even of a loopback server: a server that asks for none can
# be given any word, while a forgotten key would only show as a 401 in the middle of a build.
_REQUIRED_KEYS: dict[str, tuple[str, ...]] = {
    "rest": ("base_url", "token_env"),
    "xapi": ("base_url", "username_env", "password_env"),
    "files": ("inbox",),
}
_SECRET_KEYS = ("token_env", "username_env", "password_env")
_XAPI_FEED = "learning_records"
_ALWAYS_DUE_BUREAU_FEEDS = frozenset({"dispatch_reports"})
_A_HEADER_CARRIES = re.compile(r"[!-~]+")
_VARIABLE_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")


def feed_source(
    kind: SenderKind,
    sender_id: str,
    entry: SenderEntry,
    feed: str,
    own: FeedEntry,
    folder: Path,
    resolve_secret: ResolveSecret,
) -> tuple[FeedSource | None, list[RegistryProblem]]:
    """The feed of an entry (`own`: what it says of this feed alone), or None and all that is wrong. `folder`: from
    which a relative inbox counts."""

    def resolved(key: str) -> Any:
        value = getattr(own, key)
        return getattr(entry, key) if value is None else value

    def problem(key: str, message: str) -> RegistryProblem:
        is_own = key in FeedEntry.model_fields and getattr(own, key, None) is not None
        return RegistryProblem(sender_id, f"feeds.{feed}.{key}" if is_own else key, message)

    connector = resolved("connector")
    if connector is None:
        return None, [problem("connector", f"missing; one of {', '.join(CONNECTORS)}")]
    if connector == "xapi" and feed != _XAPI_FEED:
        message = f"xapi carries {_XAPI_FEED} only, not {feed}"
        return None, [RegistryProblem(sender_id, f"feeds.{feed}.connector", message)]
    problems = [
        problem(key, f"missing; connector {connector} needs it")
        for key in _REQUIRED_KEYS[connector]
        if not resolved(key)
    ]
    for key in _SECRET_KEYS:
        own_problems = _secret_problems(resolved(key), resolve_secret, is_in_header=key == "token_env")
        problems.extend(problem(key, message) for message in own_problems)
    problems.extend(problem("base_url", message) for message in _base_url_problems(resolved("base_url")))
    problems.extend(problem("inbox", message) for message in _inbox_problems(resolved("inbox")))
    encoding = resolved("encoding") or "utf-8"
    if not _is_encoding(encoding):
        problems.append(problem("encoding", f"unknown encoding {encoding!r}; utf-8 or gb18030, for example"))
    column_map = resolved("column_map")
    if column_map and column_map not in known_column_maps():
        problems.append(problem("column_map", f"no column map {column_map!r}; known: {', '.join(known_column_maps())}"))
    if problems:
        return None, problems
    base_url = resolved("base_url")
    inbox = resolved("inbox")
    is_always_due = kind is SenderKind.PLATFORM or feed in _ALWAYS_DUE_BUREAU_FEEDS
    return FeedSource(
        feed=feed,
        connector=connector,
        base_url=base_url.rstrip("/") if base_url else None,
        token_env=resolved("token_env"),
        username_env=resolved("username_env"),
        password_env=resolved("password_env"),
        inbox=_absolute(inbox, folder) if inbox else None,
        encoding=encoding,
        column_map=column_map,
        snapshot=own.snapshot,
        due_every_period=is_always_due or own.due == "every_period",
    ), []


def _secret_problems(variable: str | None, resolve_secret: ResolveSecret, *, is_in_header: bool) -> Iterator[str]:
    if variable is None:
        return
    if not _VARIABLE_NAME.match(variable):
        # The text isn't repeated: it may be the secret itself.
        yield "must be the NAME of an environment variable, never the secret itself"
    elif not (secret := resolve_secret(variable)):
        yield f"the variable {variable} is not set"
    elif is_in_header and not _A_HEADER_CARRIES.fullmatch(secret):
        yield f"the variable {variable} holds a space, a line break or another character that no token has"


def _base_url_problems(url: str | None) -> Iterator[str]:
    if url is None:
        return
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that hold no address, a port that is none
        is_address = False
    if not is_address:
        yield "must be an http:// or https:// address"
        return
    if parts.username or parts.password:
        yield "holds a user name or password; name their variables instead (username_env, password_env)"
    if parts.query or parts.fragment:
        yield "must not have a query or fragment"


def _inbox_problems(inbox: str | None) -> Iterator[str]:
    if inbox is None or "://" not in inbox:
        return
    protocol = inbox.split("://", 1)[0]
    if protocol not in fsspec.available_protocols():
        yield f"unknown protocol {protocol}"
    try:
        if urlsplit(inbox).password:
            yield "holds a password; name its variable instead (password_env)"
    except ValueError:
        yield "must be a folder or an address"


def _is_encoding(name: str) -> bool:
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True


def _absolute(inbox: str, folder: Path) -> str:
    """A path without a scheme counts from the registry's own folder, wherever the process was started."""
    return inbox if "://" in inbox else str((folder / inbox).resolve())
