"""Who sends what, as the registry says it: senders whose feeds are resolved, and what was wrong with an entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from orchestration.sources.feeds import Connector, SenderKind

ResolveSecret = Callable[[str], str | None]


@dataclass(frozen=True)
class RegistryProblem:
    """One thing wrong; `sender_id` is None where it concerns the file as a whole."""

    sender_id: str | None
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.sender_id or 'registry'}: {self.key}: {self.message}"


class RegistryError(Exception):
    """The registry can't be used: every problem on a line of its own, naming sender and key."""

    def __init__(self, path: Path, problems: list[RegistryProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"{path.name}: " + "\n".join(str(problem) for problem in problems))


@dataclass(frozen=True)
class FeedSource:
    """Where one feed of one sender comes from, resolved. Secrets are names of variables."""

    feed: str
    connector: Connector
    base_url: str | None
    token_env: str | None
    username_env: str | None
    password_env: str | None
    inbox: str | None
    encoding: str
    column_map: str | None
    snapshot: bool
    due_every_period: bool


@dataclass(frozen=True)
class Sender:
    """A platform or a bureau, and its feeds by name."""

    id: str
    name: str
    kind: SenderKind
    feeds: dict[str, FeedSource]


@dataclass(frozen=True)
class Platform(Sender):
    """`selected_from`, `selected_to`: inclusive days, None = not given; `selected_by`: ministry or a province."""

    ministry_affiliated: bool = False
    selected_from: date | None = None
    selected_to: date | None = None
    selected_by: str | None = None


@dataclass(frozen=True)
class Bureau(Sender):
    """`id` is the province's GB/T 2260 code, 660000 for the Corps."""


@dataclass(frozen=True)
class Registry:
    """Every usable sender. `problems` is empty unless the registry was loaded leniently."""

    platforms: tuple[Platform, ...]
    bureaus: tuple[Bureau, ...]
    problems: tuple[RegistryProblem, ...] = field(default=())

    @property
    def senders(self) -> tuple[Sender, ...]:
        return (*self.platforms, *self.bureaus)

    def sender(self, sender_id: str) -> Sender:
        """The sender of that id. Raises KeyError naming it."""
        for sender in self.senders:
            if sender.id == sender_id:
                return sender
        raise KeyError(f"no sender {sender_id!r} in the registry")
