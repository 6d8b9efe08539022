"""The registry of senders: one YAML file, validated before anything is pulled.

Way: sources.yml -> pydantic models (entries.py) -> feeds resolved (feed_sources.py) -> `Sender`s (senders.py)
Secrets appear by the name of their variable only; the value is looked up when it is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from orchestration.sources.feeds import SenderKind
from orchestration.sources.registry.entries import (
    ENTRY_OF,
    FEEDS_OF,
    PlatformEntry,
    explained,
    feed_entries,
)
from orchestration.sources.registry.feed_sources import feed_source
from orchestration.sources.registry.senders import (
    Bureau,
    FeedSource,
    Platform,
    Registry,
    RegistryError,
    RegistryProblem,
    ResolveSecret,
    Sender,
)
from orchestration.yaml_text import SafeLoader

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
        hint = "; WAREHOUSE_SOURCES says where it is, and `make demo` makes a sample world with one"
        told = f"can't be read: {error.strerror} ({path}){hint if isinstance(error, FileNotFoundError) else ''}"
        raise RegistryError(path, [RegistryProblem(None, "file", told)]) from None
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
        entry = ENTRY_OF[kind].model_validate(raw)
    except ValidationError as error:
        return explained(sender_id, error), None
    problems: list[RegistryProblem] = []
    feeds: dict[str, FeedSource] = {}
    for feed, feed_entry in feed_entries(kind, entry):
        if feed not in FEEDS_OF[kind]:
            known = ", ".join(FEEDS_OF[kind])
            problems.append(RegistryProblem(sender_id, f"feeds.{feed}", f"unknown feed; a {kind} has {known}"))
            continue
        source, own_problems = feed_source(kind, sender_id, entry, feed, feed_entry, folder, resolve_secret)
        problems.extend(problem for problem in own_problems if problem not in problems)
        if source is not None:
            feeds[feed] = source
    name = entry.name or entry.id
    if isinstance(entry, PlatformEntry):
        if entry.selected_from and entry.selected_to and entry.selected_to < entry.selected_from:
            problems.append(RegistryProblem(sender_id, "selected_to", "lies before selected_from"))
        return problems, Platform(
            entry.id, name, kind, feeds,
            entry.ministry_affiliated, entry.selected_from, entry.selected_to, entry.selected_by,
        )  # fmt: skip
    return problems, Bureau(entry.id, name, kind, feeds)
