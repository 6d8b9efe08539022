"""A registry of a few senders of a world, with what a test changes in it; everything else as the world wrote it."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

import yaml

# Beside the registry, so that it is still a sandbox's and brings its own secrets and key.
_BESIDE = ("sandbox.json", "sandbox.env", "pseudonym.key")


def write_registry(
    world: Path, folder: Path, senders: Collection[str], *, changes: dict[str, dict[str, Any]] | None = None
) -> Path:
    """Write `folder`/sources.yml with `senders`, their inboxes copied to `folder`/inbox; `changes` replace keys of an
    entry by sender."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in _BESIDE:
        shutil.copyfile(world / name, folder / name)
    document = yaml.safe_load((world / "sources.yml").read_text(encoding="utf-8"))
    kept: dict[str, list[dict[str, Any]]] = {}
    for section, entries in document.items():
        kept[section] = [
            entry | (changes or {}).get(str(entry["id"]), {}) for entry in entries if str(entry["id"]) in senders
        ]
    assert sum(map(len, kept.values())) == len(senders), "a sender is not in the world's registry"
    for entry in (entry for entries in kept.values() for entry in entries):
        inbox = world / "inbox" / str(entry["id"])
        if inbox.is_dir():
            shutil.copytree(inbox, folder / "inbox" / str(entry["id"]), dirs_exist_ok=True)
            entry["inbox"] = str(folder / "inbox" / str(entry["id"]))
    path = folder / "sources.yml"
    path.write_text(yaml.safe_dump(kept, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path
