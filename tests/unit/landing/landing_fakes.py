"""Senders without a network: what a test puts into a dictionary is what they deliver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from payload_fakes import PERIODS

from orchestration.calendar import Period
from orchestration.landing import rewriting
from orchestration.landing.plan import PullTask
from orchestration.sources.errors import SourceError
from orchestration.sources.feeds import SenderKind
from orchestration.sources.payload import Payload
from orchestration.sources.registry.senders import Bureau, FeedSource, Platform, Registry, Sender


def feed_source(
    feed: str, connector: str = "rest", *, snapshot: bool = False, base_url: str | None = None
) -> FeedSource:
    is_files = connector == "files"
    return FeedSource(
        feed=feed,
        connector=connector,
        base_url=None if is_files else base_url or "http://127.0.0.1:1/p",
        token_env=None,
        username_env=None,
        password_env=None,
        inbox="/nowhere" if is_files else None,
        encoding="utf-8",
        column_map=None,
        snapshot=snapshot,
        due_every_period=True,
    )


def platform(sender_id: str = "P001", *feeds: str, connector: str = "rest", snapshot: bool = False) -> Platform:
    sources = {feed: feed_source(feed, connector, snapshot=snapshot) for feed in feeds or ("courses",)}
    return Platform(sender_id, sender_id, SenderKind.PLATFORM, sources)


def bureau(sender_id: str = "420000", *feeds: str, snapshot: bool = False) -> Bureau:
    sources = {feed: feed_source(feed, "files", snapshot=snapshot) for feed in feeds or ("institutions",)}
    return Bureau(sender_id, sender_id, SenderKind.BUREAU, sources)


def registry(*senders: Sender) -> Registry:
    return Registry(
        tuple(sender for sender in senders if isinstance(sender, Platform)),
        tuple(sender for sender in senders if isinstance(sender, Bureau)),
    )


def period(number: int) -> Period:
    return PERIODS[number - 1]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


class Senders:
    """What the senders deliver: (sender, feed, first day or None) -> payloads and errors; `asked` notes each call."""

    def __init__(self) -> None:
        self.deliveries: dict[tuple[str, str, date | None], list[Payload | SourceError | Exception]] = {}
        self.asked: list[tuple[str, str, date | None]] = []

    def deliver(self, task: PullTask, *items: Payload | SourceError | Exception) -> None:
        self.deliveries[self._key(task)] = list(items)

    def fetch(self, source, sender, feed, period, now, *, already_taken, **_) -> Iterator[Payload | SourceError]:
        key = (sender.id, feed, period.start if period else None)
        self.asked.append(key)
        for item in self.deliveries.get(key, []):
            if isinstance(item, Exception) and not isinstance(item, SourceError):
                raise item
            is_file = source.connector == "files"
            if is_file and isinstance(item, Payload) and already_taken(item.payload_sha256):
                continue
            yield item

    @staticmethod
    def _key(task: PullTask) -> tuple[str, str, date | None]:
        return task.sender.id, task.feed, task.period.start if task.period else None


def bytes_below(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path, path.read_bytes()


def killed_while_rewriting(monkeypatch: pytest.MonkeyPatch, steps: int, act: Callable[[], object]) -> None:
    """`act`, cut off after so many of the steps by which a file is rewritten; it must not have come to its end."""
    left = [steps]

    class Killed(BaseException):
        pass

    def stepped(function: Callable[..., object]) -> Callable[..., object]:
        def step(*arguments: object) -> object:
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            return function(*arguments)

        return step

    with monkeypatch.context() as patch:
        for name in ("finish", "_append", "sha256_of"):
            patch.setattr(rewriting, name, stepped(getattr(rewriting, name)))
        with pytest.raises(Killed):
            act()
