"""An entry of the registry as it is written: its keys and their types, before anything is resolved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from orchestration.sources.feeds import BUREAU_FEEDS, PLATFORM_FEEDS, Connector, SenderKind
from orchestration.sources.registry.senders import RegistryProblem

CONNECTORS: tuple[str, ...] = get_args(Connector)
FEEDS_OF = {SenderKind.PLATFORM: PLATFORM_FEEDS, SenderKind.BUREAU: BUREAU_FEEDS}
# Sender ids become folder names (`sender=<id>`), and names that begin with `_` are landing's own.
PLATFORM_ID = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$"
BUREAU_ID = r"^\d{2}0000$"
SELECTED_BY = r"^(ministry|\d{2}0000)$"
_SAID_OF_PATTERN = {
    PLATFORM_ID: "must be 1 to 32 letters, digits, - or _, the first of them a letter or digit",
    BUREAU_ID: "must be a province's six digits, 420000 for example",
    SELECTED_BY: "must be `ministry` or a province's six digits",
}


def _as_text(value: object) -> object:
    # YAML reads an unquoted 420000 as a number.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


_Text = Annotated[str, BeforeValidator(_as_text), Field(min_length=1)]


class FeedKeys(BaseModel):
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


class FeedEntry(FeedKeys):
    """What an entry says of one feed alone."""

    due: Literal["every_period"] | None = None
    snapshot: bool = False


class SenderEntry(FeedKeys):
    """An item of `platforms` or `bureaus`."""

    id: _Text
    name: str | None = None
    feeds: list[str] | dict[str, FeedEntry | None] | None = None


class PlatformEntry(SenderEntry):
    id: Annotated[str, BeforeValidator(_as_text), Field(pattern=PLATFORM_ID)]
    ministry_affiliated: bool = False
    selected_from: date | None = None
    selected_to: date | None = None
    selected_by: Annotated[str, BeforeValidator(_as_text), Field(pattern=SELECTED_BY)] | None = None


class BureauEntry(SenderEntry):
    id: Annotated[str, BeforeValidator(_as_text), Field(pattern=BUREAU_ID)]


ENTRY_OF: dict[SenderKind, type[SenderEntry]] = {SenderKind.PLATFORM: PlatformEntry, SenderKind.BUREAU: BureauEntry}


def feed_entries(kind: SenderKind, entry: SenderEntry) -> Iterator[tuple[str, FeedEntry]]:
    """The feeds that a sender delivers, each with what is said of it alone; without `feeds` all of its kind."""
    if isinstance(entry.feeds, dict):
        for feed, feed_entry in entry.feeds.items():
            yield feed, feed_entry or FeedEntry()
        return
    for feed in dict.fromkeys(entry.feeds if entry.feeds is not None else FEEDS_OF[kind]):
        yield feed, FeedEntry()


def explained(sender_id: str, error: ValidationError) -> list[RegistryProblem]:
    """What is wrong with an entry, in the words of whoever wrote it."""
    return [_problem(sender_id, detail) for detail in error.errors() if not _is_other_branch(detail)]


def _is_other_branch(detail: Any) -> bool:
    """Of `feeds`, a list or a mapping, pydantic also reports the form that the writer did not choose; where it is
    neither, the list alone is spoken of."""
    return detail["loc"][:1] == ("feeds",) and (
        detail["type"] == "dict_type" or (detail["type"] == "list_type" and isinstance(detail["input"], dict))
    )


def _problem(sender_id: str, detail: Any) -> RegistryProblem:
    # Parts that pydantic adds for the branches of a union say nothing to the registry's writer.
    parts = [str(part) for part in detail["loc"] if not str(part).startswith(("list[", "dict[", "_", "function-"))]
    key = ".".join(parts) or "(whole)"
    if detail["type"] == "extra_forbidden":
        return RegistryProblem(sender_id, key, "unknown key")
    if detail["type"] == "literal_error" and key.endswith("connector"):
        return RegistryProblem(sender_id, key, f"unknown connector {detail['input']!r}; one of {', '.join(CONNECTORS)}")
    if detail["type"] == "string_pattern_mismatch":
        return RegistryProblem(sender_id, key, _SAID_OF_PATTERN[detail["ctx"]["pattern"]])
    if detail["type"] == "list_type" and key == "feeds":
        return RegistryProblem(sender_id, key, "must be a list of feeds, or feeds and what is said of each")
    if detail["type"] == "model_type":
        least = "" if parts else ", an id at least (`- id: ...`)"
        return RegistryProblem(sender_id, key, f"must be keys and values{least}")
    return RegistryProblem(sender_id, key, str(detail["msg"]))
