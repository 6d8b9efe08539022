"""One version of the published database from a built warehouse: filled, closed, and looked at as readers will.

choose → copy, less what is withheld → marts.publication, comments, views → closed → verified
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb

from orchestration.publishing.database import (
    WAREHOUSE,
    Choice,
    PublishedTable,
    add_comments,
    choose,
    close_version,
    content_sha256,
    copy_tables,
    open_version,
)
from orchestration.publishing.history import EarlierPublication
from orchestration.publishing.manifest import read_manifest
from orchestration.publishing.provenance import Provenance, read_provenance
from orchestration.publishing.publication_record import add_publication
from orchestration.publishing.specification import Specification
from orchestration.publishing.suppression import Withheld
from orchestration.publishing.tables import columns_of
from orchestration.publishing.verification import verify_version
from orchestration.publishing.views import add_views
from orchestration.settings import Settings
from orchestration.transforming.dbt import target_dir


@dataclass(frozen=True)
class PublishReport:
    """What was published. `withheld_cells_count` cells are NULL in it, `small_cells_count` of them because their own
    count is small; `exposed_units_count` could not be protected (docs/publishing.md). Times: Shanghai wall time."""

    path: Path
    version: str
    published_at: datetime
    run_id: str | None
    known_at: datetime | None
    tables: tuple[PublishedTable, ...]
    left_out: tuple[str, ...]
    withheld_cells_count: int
    small_cells_count: int
    exposed_units_count: int

    @property
    def rows_count(self) -> int:
        return sum(table.rows_count for table in self.tables)


@dataclass(frozen=True)
class BuiltVersion:
    """A finished file that no reader sees yet."""

    published: tuple[PublishedTable, ...]
    left_out: tuple[str, ...]
    withheld: Withheld
    provenance: Provenance

    def report(self, path: Path, version: str) -> PublishReport:
        """What to say of it once it lies at `path`."""
        return PublishReport(
            path=path,
            version=version,
            published_at=self.provenance.published_at,
            run_id=self.provenance.run_id,
            known_at=self.provenance.known_at,
            tables=self.published,
            left_out=self.left_out,
            withheld_cells_count=sum(table.withheld_cells_count for table in self.published),
            small_cells_count=self.withheld.suppression.small_cells_count,
            exposed_units_count=len(self.withheld.suppression.exposed),
        )


def build_version(
    path: Path,
    version: str,
    specification: Specification,
    settings: Settings,
    built: Settings,
    earlier: Callable[[duckdb.DuckDBPyConnection, Choice], list[EarlierPublication]],
) -> BuiltVersion:
    """Write the marts of the warehouse of `built` into a new file at `path`, and verify it.

    `settings` say whose landing the figures come from; `earlier` which publications take part. Raises PublishError,
    DisclosureError, duckdb.Error, OSError.
    """
    manifest = read_manifest(target_dir(built) / "manifest.json")
    with open_version(path, built) as connection:
        # One transaction: a hundred tables and comments are written down once, not each by itself.
        connection.begin()
        choice = choose(connection, specification, manifest)
        published, withheld = copy_tables(connection, choice, specification, earlier(connection, choice))
        published = [replace(table, content_sha256=content_sha256(connection, table.name)) for table in published]
        contracts = {
            table.name: columns_of(connection, WAREHOUSE, "marts" if table.kind == "mart" else "core", table.name)
            for table in published
        }
        provenance = read_provenance(settings, connection, WAREHOUSE)
        add_publication(connection, version, provenance, published, withheld.suppression)
        add_comments(connection, published, manifest)
        add_views(connection, [table.name for table in published])
        connection.commit()
        close_version(connection, path)
    verify_version(path, published, contracts)
    return BuiltVersion(tuple(published), choice.left_out, withheld, provenance)
