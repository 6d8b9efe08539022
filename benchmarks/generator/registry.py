"""sources.yml of a benchmark: the sandbox's 54 platforms and 32 bureaus, delivering in one way or another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from benchmarks.generator.world import begun_periods
from orchestration.sandbox.platforms import bureaus, platforms
from orchestration.sources.feeds import BUREAU_FEEDS, PLATFORM_FEEDS

SENT_FEEDS = ("registrations", "learning_records")
# A form's registry for one feed, beside the one for all: what each feed costs by itself.
FEED_REGISTRY = "sources_{feed}.yml"
TOKEN_VARIABLE = "BENCH_TOKEN"  # noqa: S105 - a variable's name


def write_registry(
    path: Path, *, base_url: str | None = None, encoding: str = "utf-8", feeds: tuple[str, ...] = PLATFORM_FEEDS
) -> None:
    """Platforms by rest at `base_url`, or by files in inbox/<id> beside the registry."""
    entries = []
    for spec in platforms(begun_periods()[0].start):
        entry: dict[str, Any] = {"id": spec.id, "name": spec.name, "connector": "rest" if base_url else "files"}
        if base_url:
            entry |= {"base_url": f"{base_url}/{spec.id}", "token_env": TOKEN_VARIABLE}
        else:
            (path.parent / "inbox" / spec.id).mkdir(parents=True, exist_ok=True)
            entry |= {"inbox": f"inbox/{spec.id}", "encoding": encoding}
        entries.append(
            entry
            | {
                "feeds": list(feeds),
                "ministry_affiliated": spec.is_ministry_affiliated,
                "selected_from": spec.selected_from,
                "selected_to": spec.selected_to,
                "selected_by": spec.selected_by,
            }
        )
    listed = []
    for bureau in bureaus():
        (path.parent / "inbox" / bureau.id).mkdir(parents=True, exist_ok=True)
        inbox = f"inbox/{bureau.id}"
        listed.append(
            {"id": bureau.id, "name": bureau.name, "connector": "files", "inbox": inbox, "feeds": list(BUREAU_FEEDS)}
        )
    text = yaml.safe_dump({"platforms": entries, "bureaus": listed}, allow_unicode=True, sort_keys=False)
    path.write_text(text, encoding="utf-8")
