"""Read the marts for a check: short, read-only, and never while dbt writes them."""

from __future__ import annotations

from typing import Any

import duckdb

from orchestration.loading.database import open_for_reading
from orchestration.settings import Settings


def query_marts(settings: Settings, sql: str) -> list[tuple[Any, ...]] | None:
    """The rows of a query on warehouse.duckdb; None where the database or the table has not been built."""
    if not settings.database_path.is_file():
        return None
    with open_for_reading(settings) as connection:
        try:
            return connection.execute(sql).fetchall()
        except duckdb.CatalogException:
            return None
