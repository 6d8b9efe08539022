"""Registry, campaign and seeds as batches of their own, so that the marts of any past moment can be built again.

    sources.yml + campaign.yml + seeds/*.csv → landing/_config/sender=_config/<batch_id>.parquet

Columns: name, content_sha256, content.
A batch holds all of them and is landed when any of them differs from the newest batch. Registry and campaign are landed
as JSON (which is YAML too): comments, where people note things down, stay behind.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from pathlib import Path

import duckdb
import yaml

from orchestration.landing.batches import batch_id_of, isoformat, landed_file, sweep, write_file
from orchestration.landing.errors import LandingError, cannot_read
from orchestration.landing.ledger import LedgerEntry, read_ledger
from orchestration.settings import Settings
from orchestration.sources.checking.contract import open_workspace
from orchestration.sql_text import literal
from orchestration.yaml_text import read_yaml

CONFIG_SENDER = "_config"
CONFIG_FEED = "_config"
REGISTRY_NAME = "sources.yml"
CAMPAIGN_NAME = "campaign.yml"
SEEDS_PREFIX = "seeds/"


def land_configuration(settings: Settings, now: datetime | None = None) -> LedgerEntry | None:
    """Land the configuration if it changed; the entry, or None. Raises LandingError."""
    contents = read_configuration(settings)
    hashes = {name: hashlib.sha256(content.encode()).hexdigest() for name, content in contents.items()}
    payload_sha256 = hashlib.sha256("".join(f"{hashes[n]}  {n}\n" for n in contents).encode()).hexdigest()
    now = now or settings.now()
    ledger = read_ledger(settings.landing_dir)
    with ledger.appending(CONFIG_SENDER) as appender:
        if appender.entries and appender.entries[-1].payload_sha256 == payload_sha256:
            return None
        sweep(settings.landing_dir, appender, [CONFIG_FEED])
        batch_id = batch_id_of(CONFIG_SENDER, CONFIG_FEED, appender.next_sequence)
        landed = landed_file(CONFIG_SENDER, CONFIG_FEED, batch_id)
        rows = [(name, hashes[name], content) for name, content in contents.items()]
        landed_sha256 = write_file(settings.landing_dir / landed, lambda path: _write(settings, rows, path))
        return appender.append(
            LedgerEntry(
                sequence=appender.next_sequence,
                kind="config",
                batch_id=batch_id,
                sender_id=CONFIG_SENDER,
                feed=CONFIG_FEED,
                payload_sha256=payload_sha256,
                landed_file=landed.as_posix(),
                landed_file_sha256=landed_sha256,
                rows_count=len(rows),
                quarantined_rows_count=0,
                received_at=isoformat(now),
                began_at=isoformat(now),
                is_whole=True,
                source_name=f"{settings.sources_path.name}, {settings.campaign_path.name}, seeds",
                bytes_count=sum(len(content.encode()) for content in contents.values()),
                key_id="",
            )
        )


def read_configuration(settings: Settings) -> dict[str, str]:
    """The deployment's configuration as it would be landed: name -> content, names in order. Raises LandingError."""
    found = {
        REGISTRY_NAME: _without_comments(settings.sources_path),
        CAMPAIGN_NAME: _without_comments(settings.campaign_path),
    }
    seeds = sorted(settings.seeds_dir.glob("*.csv"))
    return found | {SEEDS_PREFIX + path.name: _text(path) for path in seeds}


def landed_configuration(landing_dir: Path, known_at: datetime | None = None) -> dict[str, str]:
    """The newest landed configuration, or the newest one received by `known_at`: name -> content; empty for none."""
    entries = _entries(landing_dir, known_at)
    return _contents(landing_dir, entries[-1]) if entries else {}


def landed_registries(landing_dir: Path, known_at: datetime | None = None) -> list[tuple[datetime, str]]:
    """Every registry landed (by `known_at`) that differs from the one before: (received at, content), oldest first."""
    versions: list[tuple[datetime, str]] = []
    for entry in _entries(landing_dir, known_at):
        content = _contents(landing_dir, entry).get(REGISTRY_NAME)
        if content is not None and (not versions or versions[-1][1] != content):
            versions.append((datetime.fromisoformat(entry.received_at), content))
    return versions


def _entries(landing_dir: Path, known_at: datetime | None) -> list[LedgerEntry]:
    return [
        entry
        for entry in read_ledger(landing_dir).entries(CONFIG_SENDER)
        if known_at is None or datetime.fromisoformat(entry.received_at) <= known_at
    ]


def _contents(landing_dir: Path, entry: LedgerEntry) -> dict[str, str]:
    with duckdb.connect(":memory:") as connection:
        path = str(landing_dir / entry.landed_file)
        return dict(connection.execute("SELECT name, content FROM read_parquet(?)", [path]).fetchall())


def _write(settings: Settings, rows: list[tuple[str, str, str]], path: Path) -> None:
    with open_workspace(settings.memory_limit) as connection:
        connection.execute("CREATE TEMP TABLE rows (name VARCHAR, content_sha256 VARCHAR, content VARCHAR)")
        connection.executemany("INSERT INTO rows VALUES (?, ?, ?)", rows)
        connection.execute(f"COPY rows TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd)")


def _without_comments(path: Path) -> str:
    try:
        return json.dumps(read_yaml(_text(path)), ensure_ascii=False, indent=1, default=str)
    except yaml.YAMLError:
        raise LandingError(f"{path} is not valid YAML") from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise cannot_read(path, error) from None
    except UnicodeDecodeError:
        raise LandingError(f"{path} is not UTF-8") from None
