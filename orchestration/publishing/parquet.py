"""The published tables as Parquet: `published/parquet/<table>/<table>.parquet`, from the finished database file."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import duckdb

from orchestration.publishing.files import make_durable
from orchestration.sql_text import literal, quoted


def write_parquet(database: Path, folder: Path, tables: Collection[str]) -> None:
    """Write each table into a folder of its own below `folder`, durably. Raises duckdb.Error, OSError."""
    with duckdb.connect(str(database), read_only=True) as connection:
        for table in tables:
            table_dir = folder / table
            table_dir.mkdir(parents=True)
            path = literal(str(table_dir / f"{table}.parquet"))
            connection.execute(f"copy (from marts.{quoted(table)}) to {path} (format parquet, compression zstd)")
            make_durable(table_dir)
    make_durable(folder)
