"""Senders that deliver files: `{inbox}/{feed}/...`, a folder or any fsspec URL.

Way: listed in byte order -> read whole -> hashed (a hash taken before passes unread) -> the format's reader -> payload.
One bad file is one error; the next file is read all the same.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from functools import cache
from pathlib import PurePosixPath
from typing import Any

import fsspec

from orchestration.calendar import Period
from orchestration.sources.errors import PermanentSourceError, SourceError, TransientSourceError, defect_message
from orchestration.sources.feeds import SenderKind
from orchestration.sources.file_names import shown_file_name
from orchestration.sources.payload import Payload
from orchestration.sources.readers.formats import read_file
from orchestration.sources.readers.rows import FormatError
from orchestration.sources.registry.senders import FeedSource, ResolveSecret, Sender
from orchestration.sources.turns import NO_TURN, Turn

HALF_WRITTEN = (".part", ".tmp")
# Under which name a protocol tells when a file was last written, or a tag that changes with it.
_CHANGED = ("mtime", "LastModified", "last_modified", "modified", "ETag", "etag", "created")
LEFT_ALONE = (".", "~$")  # a dot in front; Excel's lock files
_PERIOD_FOLDER = re.compile(r"^period=(.*)$")
# Protocols whose folders are there before anything lies in them, and those that keep files in buckets.
_FOLDERS = ("file", "local", "sftp", "ssh", "ftp", "smb")
_BUCKETS = ("s3", "s3a", "gs", "gcs", "oss")
# What each protocol calls the two secrets; the rest says username and password.
_SECRET_OPTIONS = {"s3": ("key", "secret"), "s3a": ("key", "secret")}


def fetch_files(
    source: FeedSource,
    sender: Sender,
    period: Period | None,
    now: datetime,
    *,
    resolve_secret: ResolveSecret,
    already_taken: Callable[[str], bool],
    last_period: Period | None = None,
    turn: Turn = NO_TURN,
) -> Iterator[Payload | SourceError]:
    """The new files of a feed, a payload or an error each.

    A bureau's files are those of the folder `period=<first day>`. A file that lies in no period's folder is an error of
    the period that its folder's date falls in, else of period 1, so that one pull over all periods names it once.
    `last_period`: the calendar's last one, after which no folder can belong.
    """
    try:
        files = _Inbox(source, resolve_secret)
        names = files.names()
    except _InboxError as error:
        yield error.explained(sender.id, source.feed, f"{source.feed}/")
        return
    seen: set[str] = set()
    for name in names:
        shown = shown_file_name(name)
        if sender.kind is SenderKind.BUREAU and period is not None:
            place = _placed(name, source.feed, period, last_period)
            if place is not None and place != "":
                yield PermanentSourceError(sender.id, source.feed, shown, place)
            if place != "":
                continue
        try:
            data = files.read(name)
            with turn:
                sha256 = hashlib.sha256(data).hexdigest()
                if sha256 in seen or already_taken(sha256):
                    continue
                rows = read_file(name, data, source)
            seen.add(sha256)
        except FormatError as error:
            yield PermanentSourceError(sender.id, source.feed, shown, error.message, error.field, error.row)
        except _InboxError as error:
            yield error.explained(sender.id, source.feed, shown)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a reader, the next file may be good
            yield PermanentSourceError(sender.id, source.feed, shown, defect_message(error))
        else:
            yield Payload(
                sender_id=sender.id,
                feed=source.feed,
                period_start=period.start if period is not None and sender.kind is SenderKind.BUREAU else None,
                source_name=shown,
                payload_sha256=sha256,
                bytes_count=len(data),
                window_from=None,
                window_to=None,
                began_at=now,
                is_whole=True,
                header=rows.header,
                delivered_header=rows.delivered_header,
                non_personal=rows.non_personal,
                unknown_columns=rows.unknown_columns,
                table=rows.table,
            )


def list_files(source: FeedSource, sender_id: str, resolve_secret: ResolveSecret) -> dict[str, str]:
    """The whole files of a feed by name, each with its size and when it changed, as its protocol tells it.

    Reads no file. Raises SourceError when the inbox can't be reached.
    """
    try:
        details = _Inbox(source, resolve_secret).details()
    except _InboxError as error:
        raise error.explained(sender_id, source.feed, f"{source.feed}/") from None
    return {
        name: f"{told.get('size')} {next((told[key] for key in _CHANGED if key in told), None)}"
        for name, told in details.items()
    }


def period_of_file(name: str, feed: str, periods: Sequence[Period]) -> Period | None:
    """The period of a bureau's file: whose pull takes it, or says that it lies in the wrong place.

    `periods`: the whole calendar.
    """
    for period in periods:
        if _placed(name, feed, period, periods[-1]) is not None:
            return period
    return None


def _placed(name: str, feed: str, period: Period, last_period: Period | None) -> str | None:
    """Where a bureau's file lies, seen from `period`: "" in its folder, None elsewhere, else what is wrong with it."""
    parts = PurePosixPath(name).parts[1:-1]
    match = _PERIOD_FOLDER.match(parts[0]) if parts else None
    if match is None:
        message = f"lies in no period's folder; it belongs in {feed}/period=YYYY-MM-DD/"
        return message if period.number == 1 else None
    if match[1] == period.key:
        return ""
    message = f"period={match[1]} is no period's first day"
    try:
        day = date.fromisoformat(match[1])
    except ValueError:
        return f"{message} (not a date)" if period.number == 1 else None
    is_after_the_last = last_period is not None and day > last_period.end
    if period.number == 1 and (day < period.start or is_after_the_last):
        return f"{message}: outside the calendar"
    if period.start <= day <= period.end:
        return f"{message}; the period of that day begins on {period.key}"
    return None


class _InboxError(Exception):
    """The inbox or a file in it can't be reached."""

    def __init__(self, message: str, *, is_transient: bool) -> None:
        self.message = message
        self.is_transient = is_transient
        super().__init__(message)

    def explained(self, sender_id: str, feed: str, source_name: str) -> SourceError:
        kind = TransientSourceError if self.is_transient else PermanentSourceError
        return kind(sender_id, feed, source_name, self.message)


class _Inbox:
    """One feed's folder below an inbox, over fsspec."""

    def __init__(self, source: FeedSource, resolve_secret: ResolveSecret) -> None:
        assert source.inbox is not None, "the registry requires an inbox of the files connector"
        self._feed = source.feed
        protocol = source.inbox.split("://", 1)[0] if "://" in source.inbox else "file"
        self._is_local = protocol in ("file", "local")
        options = _secret_options(protocol, source, resolve_secret)
        # A build asks a folder for every feed and period: what its protocol makes of the path is found once.
        open_inbox = _local_inbox if self._is_local and not options else fsspec.core.url_to_fs
        self._fs, self._root = self._guarded(lambda: open_inbox(source.inbox, **options))
        self._is_in_a_bucket = protocol in _BUCKETS
        # In a bucket a folder is there once something lies in it. Of other protocols it isn't known what must be there.
        self._top = self._root.split("/", 1)[0] if self._is_in_a_bucket else self._root
        self._has_top = protocol in (*_FOLDERS, *_BUCKETS)

    def names(self) -> list[str]:
        """Paths of the feed's whole files below the inbox, in byte order; none when the feed has no folder yet."""
        return sorted(self.details(), key=lambda name: name.encode("utf-8", "surrogateescape"))

    def details(self) -> dict[str, dict[str, Any]]:
        """What the protocol tells of each whole file of the feed, by its path below the inbox."""
        # A listing that fsspec remembers would name files that are gone, and call those gone that have come.
        self._guarded(lambda: self._fs.invalidate_cache())
        if self._has_top and not self._is_folder(self._top):
            message = f"the inbox of the registry isn't there: no such {'bucket' if self._is_in_a_bucket else 'folder'}"
            raise _InboxError(message, is_transient=False)
        folder = f"{self._root.rstrip('/')}/{self._feed}"
        if not self._is_folder(folder):
            return {}
        found = self._guarded(lambda: self._fs.find(folder, detail=True))
        below = len(self._root.rstrip("/")) + 1
        return {path[below:]: told for path, told in found.items() if _is_whole(path[below:])}

    def _is_folder(self, path: str) -> bool:
        """Not fsspec's `isdir`, which says no as well where it gets no answer: an inbox would look empty."""

        def ask() -> bool:
            try:
                return self._fs.info(path)["type"] == "directory"
            except (FileNotFoundError, NotADirectoryError):
                return False

        return self._guarded(ask)

    def read(self, name: str) -> bytes:
        path = f"{self._root.rstrip('/')}/{name}"
        return self._guarded(lambda: self._fs.cat_file(path))

    def _guarded(self, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except (ImportError, ValueError) as error:
            # fsspec says which package a protocol needs, or that it knows no such protocol.
            raise _InboxError(f"the inbox can't be opened: {error}", is_transient=False) from None
        except PermissionError:
            raise _InboxError("no permission to read", is_transient=False) from None
        except FileNotFoundError:
            raise _InboxError("gone between listing and reading", is_transient=True) from None
        except Exception as error:  # noqa: BLE001 - each fsspec back end raises exceptions of its own
            if hasattr(self, "_fs"):
                # fsspec would hand out a connection that has broken for as long as the process lives.
                type(self._fs).clear_instance_cache()
                _local_inbox.cache_clear()
            raise _InboxError(f"the inbox can't be read ({type(error).__name__})", is_transient=True) from None


@cache
def _local_inbox(inbox: str) -> tuple[Any, str]:
    return fsspec.core.url_to_fs(inbox)


def _is_whole(name: str) -> bool:
    """No half-written file, nothing hidden, at any level below the inbox, and no mark of a bucket's folder."""
    if name.endswith("/"):
        return False
    if any(part.startswith(LEFT_ALONE) for part in PurePosixPath(name).parts):
        return False
    return not name.lower().endswith(HALF_WRITTEN)


def _secret_options(protocol: str, source: FeedSource, resolve_secret: ResolveSecret) -> dict[str, str]:
    names = _SECRET_OPTIONS.get(protocol, ("username", "password"))
    variables = (source.username_env, source.password_env)
    options = {name: resolve_secret(variable) for name, variable in zip(names, variables, strict=True) if variable}
    return {name: value for name, value in options.items() if value}
