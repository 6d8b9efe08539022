"""The hand-written way: the SQL of benchmarks/sql, run by DuckDB alone. python -m benchmarks.by_hand STEP ...

land FORMAT INBOX TARGET [FEED]    the senders' files → Parquet
load                               landing → by_hand.duckdb beside the warehouse
transform                          its raw tables → its schema made
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from benchmarks.generator.registry import SENT_FEEDS
from orchestration.loading.database import STORAGE_CONFIG
from orchestration.settings import PROJECT_ROOT, Settings
from orchestration.sources.feeds import FEEDS

SQL = PROJECT_ROOT / "benchmarks" / "sql"
# csv: the same rows in UTF-8, since DuckDB reads GB18030 only with an extension.
READERS = {
    "ndjson": "read_json('{files}', format = 'newline_delimited', columns = {columns}, filename = true)",
    "csv": "read_csv('{files}', header = true, columns = {columns}, filename = true)",
    "parquet": "read_parquet('{files}', filename = true, hive_partitioning = false)",
}


def by_hand_path(settings: Settings) -> Path:
    return settings.warehouse_dir / "by_hand.duckdb"


def land(settings: Settings, kind: str, inbox: str, target: str, *feeds: str) -> None:
    """Read the senders' files of `feeds` (default: both) and write Parquet, a folder a feed."""
    with _connect(settings, ":memory:") as connection:
        for feed in feeds or SENT_FEEDS:
            columns = {field.name: "VARCHAR" for field in FEEDS[feed].fields}
            files = f"{inbox}/*/{feed}/*.{kind}"
            source = READERS[kind].format(files=files, columns=columns)
            text = (SQL / f"land_{feed}.sql").read_text(encoding="utf-8")
            connection.execute(text.format(source=source, target=f"{target}/{feed}"))


def load(settings: Settings) -> None:
    with _connect(settings, str(by_hand_path(settings))) as connection:
        connection.execute("create schema if not exists raw")
        text = (SQL / "load.sql").read_text(encoding="utf-8")
        for feed in FEEDS:
            connection.execute(text.format(feed=feed, landing=settings.landing_dir))


def transform(settings: Settings) -> None:
    """transform.sql on the tables of `load`; the small dimensions are read from the warehouse."""
    with _connect(settings, str(by_hand_path(settings))) as connection:
        connection.execute(f"attach '{settings.database_path}' as given (read_only)")
        connection.execute((SQL / "transform.sql").read_text(encoding="utf-8"))


def _connect(settings: Settings, path: str) -> duckdb.DuckDBPyConnection:
    # The same file format as the warehouse's: what newer ones save is no merit of the hand-written way.
    config: dict = {
        **STORAGE_CONFIG,
        "memory_limit": settings.memory_limit,
        "threads": settings.threads,
        "preserve_insertion_order": False,
    }
    return duckdb.connect(path, config=config)


if __name__ == "__main__":
    {"land": land, "load": load, "transform": transform}[sys.argv[1]](Settings.from_environment(), *sys.argv[2:])
