"""Whether two ways came to the same rows: each table's count and a checksum over all rows, in any order."""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.by_hand import by_hand_path
from benchmarks.generator.registry import SENT_FEEDS
from orchestration.settings import Settings
from orchestration.sources.feeds import FEEDS

TRANSFORMED = {
    "core": ("fct_learning_record", "fct_certificate", "fct_study_interval", "fct_learning_day", "fct_registration"),
    "marts": ("registration_progress", "registration_daily"),
}


def differing_tables(settings: Settings) -> list[str]:
    """Which tables of the warehouse and of by_hand.duckdb differ in a column that both have."""
    with duckdb.connect(config={"memory_limit": settings.memory_limit}) as connection:
        connection.execute(f"attach '{settings.database_path}' as ours (read_only)")
        connection.execute(f"attach '{by_hand_path(settings)}' as hand (read_only)")
        pairs = [(f"ours.raw.{feed}", f"hand.raw.{feed}") for feed in FEEDS]
        pairs += [
            (f"ours.{schema}.{table}", f"hand.made.{table}")
            for schema, tables in TRANSFORMED.items()
            for table in tables
        ]
        return [ours for ours, hand in pairs if _differ(connection, ours, hand)]


def differing_files(settings: Settings, by_hand: str) -> list[str]:
    """Which of the feeds that were pulled differ between landing and the hand-written Parquet."""
    with duckdb.connect() as connection:
        pairs = [
            (
                f"read_parquet('{settings.landing_dir}/{feed}/*/*.parquet', hive_partitioning = false)",
                f"read_parquet('{by_hand}/{feed}/*/*.parquet', hive_partitioning = false)",
            )
            for feed in SENT_FEEDS
        ]
        return [ours for ours, hand in pairs if _differ(connection, ours, hand)]


def differing_builds(built: Path, other: Path) -> list[str]:
    """Which tables of core and marts differ between two databases that should hold the same."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{built}' as ours (read_only); attach '{other}' as other (read_only)")
        tables = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables() "
            "where database_name = 'ours' and schema_name in ('core', 'marts') order by all"
        ).fetchall()
        assert tables, built
        return [name for (name,) in tables if _differ(connection, f"ours.{name}", f"other.{name}")]


def _differ(connection: duckdb.DuckDBPyConnection, ours: str, hand: str) -> bool:
    def columns(relation: str) -> list[str]:
        return [row[0] for row in connection.execute(f"describe select * from {relation}").fetchall()]

    hand_columns = columns(hand)
    shared = [f'"{name}"' for name in columns(ours) if name in hand_columns]
    # An empty list of columns would make any two tables equal.
    assert len(shared) >= len(hand_columns) - 1, (ours, hand_columns)
    sums = f"select count(*), bit_xor(h), sum(h::hugeint) from (select hash({', '.join(shared)}) as h from %s)"
    return connection.execute(sums % ours).fetchone() != connection.execute(sums % hand).fetchone()
