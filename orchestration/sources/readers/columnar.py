"""Parquet files: typed columns back to the text that every other format delivers."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from orchestration.sources.column_map import ColumnMap
from orchestration.sources.feeds import Feed
from orchestration.sources.memory import memory_connection
from orchestration.sources.readers.rows import FormatError, Rows, rows_of_table
from orchestration.sql_text import quoted

_ZONE = "Asia/Shanghai"
_EXACT_INTEGERS = 2.0**53


def read_parquet(data: bytes, feed: Feed, column_map: ColumnMap) -> Rows:
    """The rows of a Parquet file. Raises FormatError when it is none, or cut off."""
    try:
        table = pyarrow.parquet.ParquetFile(io.BytesIO(data)).read()
    except (pa.ArrowException, OSError) as error:
        raise FormatError(f"not a Parquet file, or cut off ({type(error).__name__})") from None
    names = table.column_names
    columns = [_as_text(column, name, feed, column_map) for name, column in zip(names, table.columns, strict=True)]
    return rows_of_table(names, columns, feed, column_map)


def _as_text(column: pa.ChunkedArray, name: str, feed: Feed, column_map: ColumnMap) -> pa.ChunkedArray:
    """Raises FormatError for a field's column without a text; of any other column it is only told how filled it is."""
    try:
        return _cast(column)
    except pa.ArrowException:
        target = column_map.field(name.strip()) or name.strip()
        if target in {field.name for field in feed.fields} | column_map.non_personal:
            raise FormatError(f"a column of type {column.type} can't be read as text", field=target) from None
        return pc.if_else(pc.is_valid(column), str(column.type), None)


def _cast(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _cast(column.cast(kind.value_type))
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        # Written with its offset: a naive time would be taken for Shanghai's, whatever the column's zone was.
        # Nanoseconds, which no field keeps, are cut off as they are from a text.
        local = pc.local_timestamp(column.cast(pa.timestamp("us", _ZONE), safe=kind.unit != "ns"))
        return pc.binary_join_element_wise(local.cast(pa.string()), "+08:00", "")
    if pa.types.is_nested(kind):
        return _as_json(column)
    if pa.types.is_float16(kind):
        # Arrow compares and rounds no number as short as this.
        return _floats_as_text(column.cast(pa.float32()))
    if pa.types.is_floating(kind):
        return _floats_as_text(column)
    return column.cast(pa.large_string())


def _as_json(column: pa.ChunkedArray) -> pa.ChunkedArray:
    with memory_connection() as connection:
        relation = connection.from_arrow(pa.table({"value": column}))
        text = relation.project(f"case when value is not null then to_json({quoted('value')})::varchar end as value")
        return text.to_arrow_table()["value"]


def _floats_as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Whole numbers without a fraction: a column of counts with nulls is often stored as floating point."""
    text = column.cast(pa.large_string())
    is_whole = pc.and_(pc.equal(column, pc.floor(column)), pc.less(pc.abs(column), _EXACT_INTEGERS))
    whole = column.cast(pa.int64(), safe=False).cast(pa.large_string())
    return pc.if_else(pc.fill_null(is_whole, False), whole, text)
