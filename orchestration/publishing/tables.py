"""Marts between DuckDB and the suppression's arrays.

select * … order by keys → Arrow → MartRows → (levels) → the same Arrow table with NULLs, its flag and added rows
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.publishing.disclosure.cells import CellTable
from orchestration.publishing.disclosure.grids import Bools, Grid, Ints, Labels, MartRows
from orchestration.publishing.disclosure.hiding import HIDDEN, HIDDEN_WITH_ZEROS
from orchestration.publishing.disclosure.suppression import Suppression
from orchestration.publishing.errors import DisclosureError
from orchestration.publishing.specification import FLAG_COLUMN, NATION, NATION_COLUMN, Mart
from orchestration.sql_text import quoted

ROW_KIND = "row_kind"


@dataclass(frozen=True)
class MaskedTable:
    """What is published of a mart. `added_rows_count`: rows of withheld zeros that the mart itself doesn't have."""

    table: pa.Table
    withheld_cells_count: int
    added_rows_count: int


def columns_of(
    connection: duckdb.DuckDBPyConnection, schema: str, database: str | None = None
) -> dict[str, dict[str, str]]:
    """Table → column name → DuckDB type, of each table of a schema, in its order. `database`: default the connection's
    own."""
    rows = connection.execute(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where database_name = coalesce(?, current_database()) and schema_name = ? order by table_name, column_index",
        [database, schema],
    ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        found.setdefault(table, {})[column] = kind
    return found


def ordered(qualified: str, mart: Mart) -> str:
    """The query that reads a mart in key order, less the rows that `leave_out` names."""
    where = f"where not coalesce(({mart.leave_out}), false)" if mart.leave_out else ""
    return f"select * from {qualified} {where} order by {', '.join(quoted(key) for key in mart.keys)}"


def mart_rows(name: str, table: pa.Table, mart: Mart) -> MartRows:
    """The keys as text and the counts and sums as floats. Raises DisclosureError where a key is NULL."""
    return MartRows(
        {key: _labels(name, key, table.column(key)) for key in mart.keys},
        {
            column: np.asarray(pc.fill_null(table.column(column).cast(pa.float64()), float("nan")))
            for unit in mart.units.values()
            for column in (*unit.counts, *unit.sums)
        },
    )


def _labels(mart: str, key: str, column: pa.ChunkedArray) -> Labels:
    if column.null_count:
        raise DisclosureError(f"marts.{mart}: {column.null_count} rows without {key}, one of its keys")
    return Labels.of(column)


def masked(
    name: str,
    table: pa.Table,
    mart: Mart,
    grid: Grid,
    cells: CellTable,
    suppression: Suppression,
    last_day: date | None = None,
) -> MaskedTable:
    """Put NULL where the suppression says, say so in the row's flag, and add the rows that it needs. `last_day`: see
    `Grid.until`."""
    added = _added_places(name, mart, grid, cells, suppression)
    added = added[grid.until(mart.time, last_day)[added]]
    whole = table
    if len(added):
        whole = pa.concat_tables([table, _added_rows(table, mart, grid, added)])
    places = np.concatenate([grid.place_of_row, added])
    is_flagged = np.zeros(len(places), dtype=bool)
    withheld = 0
    for unit_name, unit in mart.units.items():
        level = suppression.level[cells.units[name, unit_name]][places]
        for column in unit.columns:
            is_hidden = level >= HIDDEN
            if column in unit.counts:
                is_zero = cells.value[cells.blocks[name, column]][places] == 0
                is_hidden = is_hidden & ~is_zero | (level == HIDDEN_WITH_ZEROS)
            values = whole.column(column)
            is_hidden &= np.asarray(pc.is_valid(values)) | (np.arange(len(places)) >= len(table))
            withheld += int(np.count_nonzero(is_hidden))
            is_flagged |= is_hidden
            nothing = pa.scalar(None, type=values.type)
            whole = whole.set_column(
                whole.schema.get_field_index(column), column, pc.if_else(pa.array(is_hidden), nothing, values)
            )
    whole = whole.append_column(FLAG_COLUMN, pa.array(is_flagged))
    if len(added):
        whole = whole.sort_by([(key, "ascending") for key in mart.keys])
    return MaskedTable(whole, withheld, len(added))


def _added_places(name: str, mart: Mart, grid: Grid, cells: CellTable, suppression: Suppression) -> Ints:
    is_hidden: Bools = np.zeros(grid.size, dtype=bool)
    for unit in mart.units:
        is_hidden |= suppression.level[cells.units[name, unit]] >= HIDDEN
    return np.flatnonzero(is_hidden & (grid.rows < 0))


def _added_rows(table: pa.Table, mart: Mart, grid: Grid, places: Ints) -> pa.Table:
    """Rows of zeros for cells that the mart has no row for. What a key says by itself (names, whether a period is
    complete) is taken from rows with the same key; other columns are zero or NULL."""
    codes = {key: grid.codes(key)[places] for key in mart.keys}
    counted = {column for unit in mart.units.values() for column in (*unit.counts, *unit.sums)}
    others = {column for unit in mart.units.values() for column in unit.others}
    arrays = []
    for field in table.schema:
        if field.name in codes:
            members = pa.array(grid.members[field.name][codes[field.name]].tolist(), type=pa.string())
            arrays.append(members.cast(field.type))
        elif field.name == ROW_KIND:
            arrays.append(_row_kind(mart, grid, codes))
        elif field.name in others:
            arrays.append(pa.nulls(len(places), field.type))
        elif field.name in counted or field.name in mart.open and not pa.types.is_nested(field.type):
            arrays.append(pa.array(np.zeros(len(places), dtype=np.int8)).cast(field.type))
        else:
            arrays.append(_said_by_a_key(table, field, mart, grid, codes))
    return pa.table(arrays, schema=table.schema)


def _row_kind(mart: Mart, grid: Grid, codes: Mapping[str, Ints]) -> pa.Array:
    """`total` in the rows that marts.md calls so: the nation's, and those of all platforms."""
    is_total = np.zeros(len(next(iter(codes.values()))), dtype=bool)
    for key, total in ((NATION_COLUMN, NATION), ("platform_id", "_all")):
        if key in codes:
            is_total |= (grid.members[key] == total)[codes[key]]
    return pa.array(np.where(is_total, "total", "detail").tolist(), type=pa.string())


def _said_by_a_key(table: pa.Table, field: pa.Field, mart: Mart, grid: Grid, codes: Mapping[str, Ints]) -> pa.Array:
    values = table.column(field.name).combine_chunks()
    for key in mart.keys:
        pairs = pa.table({"key": table.column(key).cast(pa.string()), "value": values}).group_by(
            "key", use_threads=False
        )
        found = pairs.aggregate([("value", "count_distinct", pc.CountOptions(mode="all")), ("value", "first")])
        if pc.max(found.column("value_count_distinct")).as_py() == 1:
            at = pc.index_in(pa.array(grid.members[key].tolist(), type=pa.string()), value_set=found.column("key"))
            return found.column("value_first").take(at).combine_chunks().take(pa.array(codes[key]))
    return pa.nulls(len(next(iter(codes.values()))), field.type)
