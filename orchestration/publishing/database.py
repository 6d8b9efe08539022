"""Building one version of the published database.

warehouse.duckdb (read only) → marts less what is withheld, dimensions → one closed file
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration.publishing.disclosure.cells import build_cells
from orchestration.publishing.disclosure.grids import MartRows, build_grids
from orchestration.publishing.disclosure.suppression import Withheld, suppress
from orchestration.publishing.errors import PublishError
from orchestration.publishing.history import EarlierPublication
from orchestration.publishing.manifest import Manifest, TableText
from orchestration.publishing.specification import FLAG_COLUMN, Specification
from orchestration.publishing.tables import MaskedTable, columns_of, mart_rows, masked, ordered
from orchestration.settings import Settings
from orchestration.sources.texts import bytes_of
from orchestration.sql_text import literal, quoted

# Clients from DuckDB 1.3 on can open files of this format.
STORAGE_VERSION = "v1.2.0"
WAREHOUSE = "warehouse"
_FLAG_TEXT = "Whether a value of this row was withheld: NULL then stands for a count of 1 to 4, or for one beside it."


@dataclass(frozen=True)
class PublishedTable:
    """One table of a publication. kind: `mart` or `dimension`. `added_rows_count`: rows of withheld zeros that the
    warehouse doesn't have; `left_out_rows_count`: rows that it alone has."""

    name: str
    kind: str
    rows_count: int
    added_rows_count: int = 0
    left_out_rows_count: int = 0
    withheld_cells_count: int = 0
    content_sha256: str = ""


@dataclass(frozen=True)
class Choice:
    """Which tables of the warehouse are published. `contracts`: table → column → its type there."""

    marts: tuple[str, ...]
    dimensions: tuple[str, ...]
    left_out: tuple[str, ...]
    contracts: Mapping[str, Mapping[str, str]]


def open_version(path: Path, settings: Settings) -> duckdb.DuckDBPyConnection:
    """A new database file with the warehouse attached for reading. Raises PublishError when there is no warehouse."""
    if not settings.database_path.is_file():
        raise PublishError(f"{settings.database_path}: no warehouse is there yet; run `warehouse build`")
    connection = duckdb.connect(
        str(path),
        config={
            "storage_compatibility_version": STORAGE_VERSION,
            "threads": settings.threads,
            "memory_limit": settings.memory_limit,
        },
    )
    try:
        connection.execute("create schema marts")
        connection.execute(f"attach {literal(str(settings.database_path))} as {WAREHOUSE} (read_only)")
    except duckdb.Error as error:
        connection.close()
        raise PublishError(f"{settings.database_path}: {error}") from None
    return connection


def choose(connection: duckdb.DuckDBPyConnection, specification: Specification, manifest: Manifest | None) -> Choice:
    """What is to be published. Raises PublishError where a mart or dimension that should be there is missing, and
    DisclosureError for a mart that the specification doesn't know."""
    there, core = (columns_of(connection, schema, WAREHOUSE) for schema in ("marts", "core"))
    withheld = set(specification.record_level) | (manifest.unpublished if manifest else set())
    wanted = (set(manifest.marts) if manifest else set(there)) - withheld
    if not wanted:
        raise PublishError("the warehouse holds no marts yet; run `warehouse transform`")
    if missing := sorted(wanted - set(there)):
        raise PublishError(
            f"marts that dbt should have built are missing: {', '.join(missing)}; run `warehouse transform`"
        )
    if missing := sorted(set(specification.dimensions) - set(core)):
        raise PublishError(f"dimensions are missing in core: {', '.join(missing)}; run `warehouse transform`")
    marts = tuple(sorted(wanted))
    for mart in marts:
        specification.check(mart, there[mart])
    contracts = {mart: there[mart] for mart in marts} | {name: core[name] for name in specification.dimensions}
    return Choice(marts, specification.dimensions, tuple(sorted(set(there) & withheld)), contracts)


def read_marts(
    connection: duckdb.DuckDBPyConnection, choice: Choice, specification: Specification
) -> dict[str, pa.Table]:
    """The marts to publish, each in the order of its keys."""
    return {
        name: connection.sql(ordered(f"{WAREHOUSE}.marts.{quoted(name)}", specification.marts[name])).to_arrow_table()
        for name in choice.marts
    }


def copy_tables(
    connection: duckdb.DuckDBPyConnection,
    choice: Choice,
    specification: Specification,
    tables: Mapping[str, pa.Table],
    earlier: list[EarlierPublication],
    threads_count: int,
) -> tuple[list[PublishedTable], Withheld]:
    """Fill the new file: the marts (`tables`) with what has to be withheld as NULL, and the dimensions as they are."""
    withheld = withhold(specification, tables, earlier, _last_day(connection), threads_count)
    published = []
    for name, table in tables.items():
        mart = specification.marts[name]
        whole = MaskedTable(table, 0, 0)
        if mart.units and not table.num_rows:
            whole = MaskedTable(table.append_column(FLAG_COLUMN, pa.array([], type=pa.bool_())), 0, 0)
        elif mart.units:
            grid = withheld.grids[name]
            whole = masked(name, table, mart, grid, withheld.cells, withheld.suppression, withheld.last_day)
        _create(connection, name, whole.table)
        in_warehouse = _count(connection, f"{WAREHOUSE}.marts.{quoted(name)}")
        published.append(
            PublishedTable(
                name,
                "mart",
                whole.table.num_rows,
                whole.added_rows_count,
                in_warehouse - table.num_rows,
                whole.withheld_cells_count,
            )
        )
    for name in choice.dimensions:
        connection.execute(f"create table marts.{quoted(name)} as from {WAREHOUSE}.core.{quoted(name)} order by all")
        published.append(PublishedTable(name, "dimension", _count(connection, f"marts.{quoted(name)}")))
    return published, withheld


def withhold(
    specification: Specification,
    tables: Mapping[str, pa.Table],
    earlier: list[EarlierPublication],
    last_day: date | None = None,
    threads_count: int = 1,
) -> Withheld:
    """Decide over all marts together what is withheld. `last_day`: that of the marts' clock."""
    rows: dict[str, MartRows] = {
        name: mart_rows(name, table, specification.marts[name])
        for name, table in tables.items()
        if specification.marts[name].units and table.num_rows
    }
    grids = build_grids(specification, rows, [publication.marts for publication in earlier])
    cells = build_cells(specification, rows, grids)
    layers = [publication.layer(specification, grids, cells) for publication in earlier]
    return Withheld(grids, cells, suppress(specification, grids, cells, layers, threads_count), last_day)


def content_sha256(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """A hash of a table's rows that does not depend on their order or on DuckDB's version."""
    lines = connection.sql(
        f"select cast(t as varchar) || chr(10) as line from marts.{quoted(table)} as t order by line"
    ).to_arrow_table()["line"]
    digest = hashlib.sha256()
    # DuckDB's own string_agg takes twice as long, and puts the whole table into one value.
    for chunk in lines.cast(pa.large_string()).chunks:
        ends, data = bytes_of(chunk)
        digest.update(data[ends[0] : ends[-1]].tobytes())
    return digest.hexdigest()


def add_comments(
    connection: duckdb.DuckDBPyConnection, published: list[PublishedTable], manifest: Manifest | None
) -> None:
    """Give tables and columns the descriptions that they have in dbt."""
    columns = columns_of(connection, "marts")
    for table in published:
        schema = "marts" if table.kind == "mart" else "core"
        text = manifest.texts.get((schema, table.name), TableText()) if manifest else TableText()
        if text.description:
            connection.execute(f"comment on table marts.{quoted(table.name)} is {literal(text.description)}")
        for column in columns[table.name]:
            comment = _FLAG_TEXT if column == FLAG_COLUMN else text.columns.get(column)
            if comment:
                name = f"marts.{quoted(table.name)}.{quoted(column)}"
                connection.execute(f"comment on column {name} is {literal(comment)}")


def close_version(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Checkpoint and close, so that the file stands alone. Raises PublishError where a write-ahead log is left."""
    connection.execute(f"detach {WAREHOUSE}")
    connection.execute("checkpoint")
    connection.close()
    log = path.with_name(f"{path.name}.wal")
    if log.exists():
        raise PublishError(f"{log} is left after closing: the file would be read without its last changes")


def _last_day(connection: duckdb.DuckDBPyConnection) -> date | None:
    rows = connection.execute(f"select cast(clock as date) from {WAREHOUSE}.raw.control").fetchall()
    return rows[0][0] if rows else None


def _create(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    connection.register("_table", table)
    connection.execute(f"create table marts.{quoted(name)} as from _table")
    connection.unregister("_table")


def _count(connection: duckdb.DuckDBPyConnection, qualified: str) -> int:
    return int(connection.execute(f"select count(*) from {qualified}").fetchall()[0][0])
