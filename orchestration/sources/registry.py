"""The registry of senders: one YAML file, validated before anything is pulled.

Way: sources.yml -> pydantic models -> `Sender`s whose feeds are resolved (a feed's own value goes before its sender's).
Secrets appear by the name of their variable only; the value is looked up when it is used.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

import fsspec
import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from orchestration.sources.column_map import known_column_maps
from orchestration.sources.feeds import BUREAU_FEEDS, PLATFORM_FEEDS, Connector, SenderKind
from orchestration.yaml_text import SafeLoader

ResolveSecret = Callable[[str], str | None]

CONNECTORS: tuple[str, ...] = get_args(Connector)
FEEDS_OF = {SenderKind.PLATFORM: PLATFORM_FEEDS, SenderKind.BUREAU: BUREAU_FEEDS}
# What each connector can't do without. A secret is required even of a loopback server: a server that asks for none can
# be given any word, while a forgotten key would only show as a 401 in the middle of a build.
REQUIRED_KEYS: dict[str, tuple[str, ...]] = {
    "rest": ("base_url", "token_env"),
    "xapi": ("base_url", "username_env", "password_env"),
    "files": ("inbox",),
}
SECRET_KEYS = ("token_env", "username_env", "password_env")
XAPI_FEED = "learning_records"
ALWAYS_DUE_BUREAU_FEEDS = frozenset({"dispatch_reports"})

# Sender ids become folder names (`sender=<id>`), and names that begin with `_` are landing's own.
PLATFORM_ID = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$"
BUREAU_ID = r"^\d{2}0000$"
_A_HEADER_CARRIES = re.compile(r"[!-~]+")
_VARIABLE_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")


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


def _as_text(value: object) -> object:
    # YAML reads an unquoted 420000 as a number.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


_Text = Annotated[str, BeforeValidator(_as_text), Field(min_length=1)]


class _FeedKeys(BaseModel):
    """The keys that a sender and each of its feeds share."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    connector: Literal["rest", "xapi", "files"] | None = None
    base_url: str | None = None
    token_env: str | None = None
    username_env: str | None = None
    password_env: str | None = None
    inbox: str | None = None
    encoding: str | None = None
    column_map: str | None = None


class _FeedEntry(_FeedKeys):
    due: Literal["every_period"] | None = None
    snapshot: bool = False


class _SenderEntry(_FeedKeys):
    id: _Text
    name: str | None = None
    feeds: list[str] | dict[str, _FeedEntry | None] | None = None


class _PlatformEntry(_SenderEntry):
    id: Annotated[str, BeforeValidator(_as_text), Field(pattern=PLATFORM_ID)]
    ministry_affiliated: bool = False
    selected_from: date | None = None
    selected_to: date | None = None
    selected_by: Annotated[str | None, BeforeValidator(_as_text), Field(pattern=r"^(ministry|\d{2}0000)$")] = None


class _BureauEntry(_SenderEntry):
    id: Annotated[str, BeforeValidator(_as_text), Field(pattern=BUREAU_ID)]


_ENTRY_OF: dict[SenderKind, type[_SenderEntry]] = {SenderKind.PLATFORM: _PlatformEntry, SenderKind.BUREAU: _BureauEntry}
_SECTIONS = {"platforms": SenderKind.PLATFORM, "bureaus": SenderKind.BUREAU}


def load_registry(path: Path, resolve_secret: ResolveSecret, *, lenient: bool = False) -> Registry:
    """Read and validate the registry at `path`.

    `resolve_secret` answers the value of a variable, None when it is not set; only its presence is looked at here.
    Raises RegistryError with every problem; with `lenient` a problem that concerns one sender leaves that sender out
    and is kept in `Registry.problems`, and only a file that can't be read at all raises.
    """
    document = _read_yaml(path)
    problems: list[RegistryProblem] = []
    found: dict[SenderKind, list[Sender]] = {SenderKind.PLATFORM: [], SenderKind.BUREAU: []}
    seen_ids: set[str] = set()
    for key in sorted(set(document) - set(_SECTIONS), key=str):
        problems.append(RegistryProblem(None, str(key), f"unknown key; known: {', '.join(_SECTIONS)}"))
    for section, kind in _SECTIONS.items():
        entries = document.get(section) or []
        if not isinstance(entries, list):
            raise RegistryError(path, [RegistryProblem(None, section, "must be a list of senders")])
        for number, raw in enumerate(entries, start=1):
            sender_id = _sender_id(raw) or f"{section}[{number}]"
            if sender_id in seen_ids:
                problems.append(RegistryProblem(sender_id, "id", "duplicate id; each sender appears once"))
                found[kind] = [sender for sender in found[kind] if sender.id != sender_id]
                continue
            seen_ids.add(sender_id)
            own_problems, sender = _sender(kind, sender_id, raw, path.parent, resolve_secret)
            problems.extend(own_problems)
            if sender is not None and not own_problems:
                found[kind].append(sender)
    if problems and not lenient:
        raise RegistryError(path, problems)
    return Registry(
        platforms=tuple(sender for sender in found[SenderKind.PLATFORM] if isinstance(sender, Platform)),
        bureaus=tuple(sender for sender in found[SenderKind.BUREAU] if isinstance(sender, Bureau)),
        problems=tuple(problems),
    )


class _UniqueKeyLoader(SafeLoader):
    """YAML where a key written twice is an error, not the last one's victory."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key_node, deep=True) for key_node, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"duplicate key {key!r}", node.start_mark)
        return super().construct_mapping(node, deep=deep)


def _read_yaml(path: Path) -> Mapping[str, Any]:
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeyLoader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise RegistryError(
            path, [RegistryProblem(None, "file", f"can't be read: {error.strerror} ({path})")]
        ) from None
    except UnicodeDecodeError:
        raise RegistryError(path, [RegistryProblem(None, "file", "is not UTF-8")]) from None
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}" if error.problem_mark else "file"
        raise RegistryError(path, [RegistryProblem(None, line, f"not valid YAML: {error.problem}")]) from None
    except yaml.YAMLError:
        raise RegistryError(path, [RegistryProblem(None, "file", "not valid YAML")]) from None
    if not isinstance(document, dict):
        raise RegistryError(path, [RegistryProblem(None, "file", "must hold `platforms:` and `bureaus:`")])
    return document


def _sender_id(raw: object) -> str | None:
    if isinstance(raw, dict) and isinstance(raw.get("id"), str | int):
        return str(raw["id"])
    return None


def _sender(
    kind: SenderKind, sender_id: str, raw: object, folder: Path, resolve_secret: ResolveSecret
) -> tuple[list[RegistryProblem], Sender | None]:
    try:
        entry = _ENTRY_OF[kind].model_validate(raw)
    except ValidationError as error:
        return [_explained(sender_id, detail) for detail in error.errors() if not _is_other_branch(detail)], None
    problems: list[RegistryProblem] = []
    feeds: dict[str, FeedSource] = {}
    for feed, feed_entry in _feed_entries(kind, entry):
        if feed not in FEEDS_OF[kind]:
            known = ", ".join(FEEDS_OF[kind])
            problems.append(RegistryProblem(sender_id, f"feeds.{feed}", f"unknown feed; a {kind} has {known}"))
            continue
        source, own_problems = _feed_source(kind, sender_id, entry, feed, feed_entry, folder, resolve_secret)
        problems.extend(problem for problem in own_problems if problem not in problems)
        if source is not None:
            feeds[feed] = source
    name = entry.name or entry.id
    if isinstance(entry, _PlatformEntry):
        if entry.selected_from and entry.selected_to and entry.selected_to < entry.selected_from:
            problems.append(RegistryProblem(sender_id, "selected_to", "lies before selected_from"))
        return problems, Platform(
            entry.id, name, kind, feeds,
            entry.ministry_affiliated, entry.selected_from, entry.selected_to, entry.selected_by,
        )  # fmt: skip
    return problems, Bureau(entry.id, name, kind, feeds)


def _feed_entries(kind: SenderKind, entry: _SenderEntry) -> Iterator[tuple[str, _FeedEntry]]:
    if isinstance(entry.feeds, dict):
        for feed, feed_entry in entry.feeds.items():
            yield feed, feed_entry or _FeedEntry()
        return
    for feed in dict.fromkeys(entry.feeds if entry.feeds is not None else FEEDS_OF[kind]):
        yield feed, _FeedEntry()


def _feed_source(
    kind: SenderKind,
    sender_id: str,
    entry: _SenderEntry,
    feed: str,
    own: _FeedEntry,
    folder: Path,
    resolve_secret: ResolveSecret,
) -> tuple[FeedSource | None, list[RegistryProblem]]:
    def resolved(key: str) -> Any:
        value = getattr(own, key)
        return getattr(entry, key) if value is None else value

    def problem(key: str, message: str) -> RegistryProblem:
        is_own = key in _FeedEntry.model_fields and getattr(own, key, None) is not None
        return RegistryProblem(sender_id, f"feeds.{feed}.{key}" if is_own else key, message)

    connector = resolved("connector")
    if connector is None:
        return None, [problem("connector", f"missing; one of {', '.join(CONNECTORS)}")]
    if connector == "xapi" and feed != XAPI_FEED:
        message = f"xapi carries {XAPI_FEED} only, not {feed}"
        return None, [RegistryProblem(sender_id, f"feeds.{feed}.connector", message)]
    problems = [
        problem(key, f"missing; connector {connector} needs it")
        for key in REQUIRED_KEYS[connector]
        if not resolved(key)
    ]
    for key in SECRET_KEYS:
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
    is_always_due = kind is SenderKind.PLATFORM or feed in ALWAYS_DUE_BUREAU_FEEDS
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
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        yield "must be an http:// or https:// address"
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
    if urlsplit(inbox).password:
        yield "holds a password; name its variable instead (password_env)"


def _is_encoding(name: str) -> bool:
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True


def _absolute(inbox: str, folder: Path) -> str:
    """A path without a scheme counts from the registry's own folder, wherever the process was started."""
    return inbox if "://" in inbox else str((folder / inbox).resolve())


def _is_other_branch(detail: Any) -> bool:
    """Of `feeds`, a list or a mapping, pydantic also reports the form that the writer did not choose."""
    return detail["loc"][0] == "feeds" and (
        (detail["type"] == "list_type" and isinstance(detail["input"], dict))
        or (detail["type"] == "dict_type" and isinstance(detail["input"], list))
    )


def _explained(sender_id: str, detail: Any) -> RegistryProblem:
    # Parts that pydantic adds for the branches of a union say nothing to the registry's writer.
    parts = [str(part) for part in detail["loc"] if not str(part).startswith(("list[", "dict[", "_", "function-"))]
    key = ".".join(parts) or "(whole)"
    if detail["type"] == "extra_forbidden":
        return RegistryProblem(sender_id, key, "unknown key")
    if detail["type"] == "literal_error" and key.endswith("connector"):
        return RegistryProblem(sender_id, key, f"unknown connector {detail['input']!r}; one of {', '.join(CONNECTORS)}")
    return RegistryProblem(sender_id, key, str(detail["msg"]))
