"""Views for the headline questions, in the published file beside the marts.

    views/<name>.sql → marts.<name>

A file opens with its comment, and a line for each column that its marts don't have; the others keep the mart's words.
Tables stand there without a schema: a view looks in its own, so that it works under whatever name a reader attaches the
file, also in clients that take `marts` for the file (DuckDB 1.3 and 1.4).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import duckdb

from orchestration.publishing.errors import PublishError
from orchestration.sql_text import literal

_FOLDER = Path(__file__).with_name("views")
_COLUMN = re.compile(r"^-- (\w+): (.+)$", re.MULTILINE)


def add_views(connection: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> None:
    """Create each view all of whose tables are published, with comments. Raises PublishError where one doesn't fit."""
    published = set(tables)
    connection.execute("set schema = 'marts'")
    for path in sorted(_FOLDER.glob("*.sql")):
        query = path.read_text(encoding="utf-8")
        sources = connection.get_table_names(query)
        if sources <= published:
            try:
                connection.execute(f"create view {path.stem} as {query}")
                _comment(connection, path.stem, query, sources)
            except duckdb.Error as error:
                raise PublishError(f"the view {path.stem} doesn't fit its marts: {error}") from None


def _comment(connection: duckdb.DuckDBPyConnection, view: str, query: str, sources: set[str]) -> None:
    connection.execute(f"comment on view {view} is {literal(query.splitlines()[0].removeprefix('-- '))}")
    meanings = dict(
        connection.execute(
            "select column_name, comment from duckdb_columns() where database_name = current_database() "
            "and schema_name = 'marts' and list_contains(?, table_name) and comment is not null",
            [sorted(sources)],
        ).fetchall()
    )
    meanings |= dict(_COLUMN.findall(query))
    for column, *_ in connection.execute(f"describe {view}").fetchall():
        if column in meanings:
            connection.execute(f"comment on column {view}.{column} is {literal(meanings[column])}")
