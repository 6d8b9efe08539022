"""The published copy in PostgreSQL, for teams that give roles their rows there.

    marts-<run>.duckdb → Arrow → DELETE and COPY of every table in one transaction → committed with the swap

Tables are refilled, never dropped or renamed: a role's rights and row-level policies hang on them. Needs nothing but a
database and a role that may create the schema `marts` in it, or owns it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import adbc_driver_manager
import duckdb

from orchestration.publishing.errors import PublishError
from orchestration.publishing.tables import columns_of
from orchestration.sql_text import literal, quoted

if TYPE_CHECKING:
    from adbc_driver_postgresql import dbapi as adbc

DSN_VARIABLE = "WAREHOUSE_POSTGRES_DSN"
SCHEMA = "marts"
# What this publication made of the tables, by which the next one knows tables that are published no more.
_LISTED = "publication_table"

_TYPES = {
    "VARCHAR": "text",
    "BOOLEAN": "boolean",
    "TINYINT": "smallint",
    "SMALLINT": "smallint",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "DATE": "date",
    "TIMESTAMP": "timestamp without time zone",
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")


@contextmanager
def refilled(dsn: str | None, version: Path, tables: Sequence[str]) -> Iterator[None]:
    """Refill PostgreSQL from a finished version; committed when the block has ended, rolled back if it raises.

    `dsn`: a connection URI of libpq; None does nothing. Raises PublishError naming the table; never with the DSN in it.
    """
    if dsn is None:
        yield
        return
    connection = _connect(dsn)
    try:
        try:
            with duckdb.connect(str(version), read_only=True) as source:
                _refill(source, connection, tables)
        except adbc_driver_manager.Error as error:
            raise PublishError(f"nothing was published: PostgreSQL refused: {_told(error, dsn)}") from None
        yield
        try:
            connection.commit()
        except adbc_driver_manager.Error as error:
            raise PublishError(
                f"published, but the copy in PostgreSQL was left as it was: {_told(error, dsn)}; publish again"
            ) from None
    finally:
        # Closing without a commit rolls back.
        connection.close()


def _connect(dsn: str) -> adbc.Connection:
    # Loads every data frame library that is installed: a quarter of a second that no other command should wait for.
    from adbc_driver_postgresql import dbapi as adbc

    try:
        return adbc.connect(dsn)
    except adbc_driver_manager.Error as error:
        raise PublishError(f"{DSN_VARIABLE}: PostgreSQL can't be reached: {_told(error, dsn)}") from None


def _refill(source: duckdb.DuckDBPyConnection, target: adbc.Connection, tables: Sequence[str]) -> None:
    with target.cursor() as cursor:
        if not _asked(cursor, "select 1 from pg_namespace where nspname = $1", SCHEMA):
            cursor.execute(f"create schema {SCHEMA}")
        there = _there(cursor)
        _empty_what_is_published_no_more(cursor, tables, there)
        kinds = columns_of(source, SCHEMA)
        for table in tables:
            columns = {name: _type(table, name, kind) for name, kind in kinds[table].items()}
            _shape(cursor, table, columns, is_there=table in there)
            cursor.execute(f"delete from {SCHEMA}.{quoted(table)}")
            rows = source.sql(f"from {SCHEMA}.{quoted(table)}").to_arrow_table()
            cursor.adbc_ingest(table, rows, mode="append", db_schema_name=SCHEMA)
            _comment(source, cursor, table)


def _empty_what_is_published_no_more(cursor: Any, tables: Sequence[str], there: set[str]) -> None:
    """Old rows under a name that no publication fills would pass for new ones."""
    if _LISTED not in there:
        return
    cursor.execute(f"select table_name from {SCHEMA}.{_LISTED}")
    before = {name for (name,) in cursor.fetchall()}
    for table in sorted((before & there) - set(tables)):
        cursor.execute(f"delete from {SCHEMA}.{quoted(table)}")


def _shape(cursor: Any, table: str, columns: dict[str, str], *, is_there: bool) -> None:
    """Bring a table to these columns without dropping it. PostgreSQL refuses where a view or policy stands on one."""
    name = f"{SCHEMA}.{quoted(table)}"
    if not is_there:
        cursor.execute(f"create table {name} ({', '.join(f'{quoted(c)} {kind}' for c, kind in columns.items())})")
        return
    kinds = dict(
        _asked(
            cursor,
            "select attname::text, format_type(atttypid, atttypmod) from pg_attribute "
            "where attrelid = to_regclass($1) and attnum > 0 and not attisdropped",
            name,
        )
    )
    changes = [f"drop column {quoted(column)}" for column in kinds if column not in columns]
    changes += [f"add column {quoted(column)} {kind}" for column, kind in columns.items() if column not in kinds]
    # The rows are replaced in any case: no old value has to be made to fit.
    changes += [
        f"alter column {quoted(column)} type {kind} using null"
        for column, kind in columns.items()
        if kinds.get(column, kind) != kind
    ]
    if changes:
        cursor.execute(f"alter table {name} {', '.join(changes)}")


def _comment(source: duckdb.DuckDBPyConnection, cursor: Any, table: str) -> None:
    """The same comments as in the published file."""
    of_table = source.execute(
        "select comment from duckdb_tables() "
        "where database_name = current_database() and schema_name = ? and table_name = ?",
        [SCHEMA, table],
    ).fetchall()
    of_columns = source.execute(
        "select column_name, comment from duckdb_columns() "
        "where database_name = current_database() and schema_name = ? and table_name = ?",
        [SCHEMA, table],
    ).fetchall()
    name = f"{SCHEMA}.{quoted(table)}"
    cursor.execute(f"comment on table {name} is {_comment_text(of_table[0][0])}")
    for column, comment in of_columns:
        cursor.execute(f"comment on column {name}.{quoted(column)} is {_comment_text(comment)}")


def _type(table: str, column: str, kind: str) -> str:
    if kind.endswith("[]"):
        return f"{_type(table, column, kind[:-2])}[]"
    if decimal := _DECIMAL.fullmatch(kind):
        return f"numeric({decimal[1]},{decimal[2]})"
    if kind not in _TYPES:
        raise PublishError(
            f"marts.{table}: column {column} has the type {kind}, which the copy in PostgreSQL can't hold"
        )
    return _TYPES[kind]


def _there(cursor: Any) -> set[str]:
    return {name for (name,) in _asked(cursor, "select tablename::text from pg_tables where schemaname = $1", SCHEMA)}


def _asked(cursor: Any, query: str, value: str) -> list[tuple[Any, ...]]:
    cursor.execute(query, (value,))
    return list(cursor.fetchall())


def _comment_text(comment: str | None) -> str:
    return "null" if comment is None else literal(comment)


def _told(error: adbc_driver_manager.Error, dsn: str) -> str:
    """The server's words on one line; libpq may repeat the DSN, which holds a password."""
    told = " ".join(str(error).replace(dsn, f"({DSN_VARIABLE})").split())
    if password := re.search(r"://[^:/@]*:([^@]+)@|password=([^ &]+)", dsn):
        told = told.replace(next(group for group in password.groups() if group), "(password)")
    return told
