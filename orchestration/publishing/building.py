"""One version of the published database from a built warehouse: filled, closed, and looked at as readers will.

choose → copy, less what is withheld → hashed, comments and views → marts.publication → closed → verified
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

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
    read_marts,
)
from orchestration.publishing.disclosure.deducible import load_solver
from orchestration.publishing.disclosure.suppression import Withheld
from orchestration.publishing.history import EarlierPublication
from orchestration.publishing.manifest import Manifest, read_manifest
from orchestration.publishing.provenance import Provenance, read_provenance
from orchestration.publishing.publication_record import add_publication
from orchestration.publishing.specification import Specification
from orchestration.publishing.verification import verify_version
from orchestration.publishing.views import add_views
from orchestration.settings import Settings
from orchestration.transforming.dbt import target_dir

# Which publications take part, of an open version and what it is to hold
Earlier = Callable[[duckdb.DuckDBPyConnection, Choice], list[EarlierPublication]]


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
    """A finished file that no reader sees yet. `contracts`: table → column → type as in the warehouse."""

    published: tuple[PublishedTable, ...]
    left_out: tuple[str, ...]
    withheld: Withheld
    provenance: Provenance
    contracts: Mapping[str, Mapping[str, str]]

    def verify(self, path: Path) -> None:
        """Look at the file, which lies at `path`, as readers will. Raises PublishError."""
        verify_version(path, self.published, self.contracts)

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
    earlier: Earlier,
) -> BuiltVersion:
    """Write the marts of the warehouse of `built` into a new file at `path`; it is still to be verified.

    `settings` say whose landing the figures come from; `earlier` which publications take part. Raises PublishError,
    DisclosureError, duckdb.Error, OSError.
    """
    manifest = read_manifest(target_dir(built) / "manifest.json")
    with open_version(path, built) as connection:
        # Two transactions: a hundred tables and comments are written down at once, not each by itself.
        connection.begin()
        choice = choose(connection, specification, manifest)
        inputs = _read(connection, choice, specification, earlier, settings)
        published, withheld = copy_tables(
            connection, choice, specification, inputs.marts, inputs.earlier, settings.threads
        )
        connection.commit()
        connection.begin()
        published = _hashed_and_described(connection, published, manifest, settings.threads)
        add_publication(connection, version, inputs.provenance, published, withheld.suppression)
        connection.commit()
        close_version(connection, path)
    return BuiltVersion(tuple(published), choice.left_out, withheld, inputs.provenance, choice.contracts)


@dataclass(frozen=True)
class _Inputs:
    marts: Mapping[str, pa.Table]
    earlier: list[EarlierPublication]
    provenance: Provenance


def _read(
    connection: duckdb.DuckDBPyConnection,
    choice: Choice,
    specification: Specification,
    earlier: Earlier,
    settings: Settings,
) -> _Inputs:
    """What a version is made of; meanwhile the suppression's solver is loaded."""
    with (
        connection.cursor() as at_marts,
        connection.cursor() as at_earlier,
        connection.cursor() as at_provenance,
        ThreadPoolExecutor(max(1, settings.threads), thread_name_prefix="read") as pool,
    ):
        marts = pool.submit(read_marts, at_marts, choice, specification)
        solver = pool.submit(load_solver)
        remembered = pool.submit(earlier, at_earlier, choice)
        provenance = pool.submit(read_provenance, settings, at_provenance, WAREHOUSE)
        solver.result()
        return _Inputs(marts.result(), remembered.result(), provenance.result())


def _hashed_and_described(
    connection: duckdb.DuckDBPyConnection, tables: list[PublishedTable], manifest: Manifest | None, threads_count: int
) -> list[PublishedTable]:
    """The tables with the hash of their content; meanwhile they get comments, and views over them."""

    def describe() -> None:
        add_comments(connection, tables, manifest)
        add_views(connection, [table.name for table in tables])

    def hashed(table: PublishedTable) -> str:
        with connection.cursor() as cursor:
            return content_sha256(cursor, table.name)

    with ThreadPoolExecutor(max(1, threads_count), thread_name_prefix="describe") as pool:
        described = pool.submit(describe)
        # The large ones first, so that at the end no thread waits for one of them.
        largest_first = sorted(tables, key=lambda table: -table.rows_count)
        hashes = {table.name: pool.submit(hashed, table) for table in largest_first}
        described.result()
        return [replace(table, content_sha256=hashes[table.name].result()) for table in tables]
