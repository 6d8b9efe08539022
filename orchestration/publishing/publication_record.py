"""What a publication says of itself: marts.publication and the two tables that belong to it.

provenance + the tables published + what was withheld → publication (one row), publication_table, publication_ledger
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from orchestration.publishing.database import PublishedTable
from orchestration.publishing.disclosure.suppression import Suppression
from orchestration.publishing.provenance import Provenance
from orchestration.sql_text import literal

# Table → what it is, and what its columns are. Times are Shanghai wall time.
_TEXTS: dict[str, tuple[str, dict[str, str]]] = {
    "publication": (
        "This publication: when it was made, from which run and from what data. One row.",
        {
            "version": "Name of the publication's files.",
            "published_at": "When it was published (Shanghai wall time).",
            "run_id": "The run that built the marts.",
            "known_at": "The clock of that run: what came later is not in it (Shanghai wall time).",
            "ledger_head_sha256": "One hash over the last loaded ledger entry of every sender.",
            "git_version": "The version of the project that made it.",
            "tables_count": "How many tables it has, apart from those of its own record.",
            "rows_count": "How many rows these have together.",
            "withheld_cells_count": "How many values are NULL so that no count of 1 to 4 can be told.",
            "small_cells_count": "How many of these because their own count is 1 to 4.",
        },
    ),
    "publication_table": (
        "The tables of this publication, one row each.",
        {
            "table_name": "The table, in the schema marts.",
            "kind": "mart or dimension.",
            "rows_count": "Its rows here.",
            "added_rows_count": "Rows of withheld zeros that the warehouse's table does not have.",
            "left_out_rows_count": "Rows that only the warehouse's table has.",
            "withheld_cells_count": "Values that are NULL here and not in the warehouse.",
            "content_sha256": "A hash of its rows, whatever their order.",
        },
    ),
    "publication_ledger": (
        "Of each sender the last ledger entry that this publication knows: `warehouse verify` can be held against it.",
        {
            "sender_id": "The sender.",
            "sequence": "Number of the entry in its ledger.",
            "entry_sha256": "The entry's hash.",
        },
    ),
}
PUBLICATION_TABLES = tuple(_TEXTS)


def add_publication(
    connection: duckdb.DuckDBPyConnection,
    version: str,
    provenance: Provenance,
    published: list[PublishedTable],
    withheld: Suppression,
) -> None:
    """Write marts.publication (one row) and what belongs to it: the tables, and the ledger's heads; with comments."""
    connection.execute(
        """
        create table marts.publication (
            version varchar, published_at timestamp, run_id varchar, known_at timestamp,
            ledger_head_sha256 varchar, git_version varchar,
            tables_count bigint, rows_count bigint,
            withheld_cells_count bigint, small_cells_count bigint
        )
        """
    )
    connection.execute(
        f"insert into marts.publication values ({', '.join('?' * 10)})",
        [
            version,
            provenance.published_at,
            provenance.run_id,
            provenance.known_at,
            provenance.ledger_head_sha256,
            provenance.git_version,
            len(published),
            sum(table.rows_count for table in published),
            sum(table.withheld_cells_count for table in published),
            withheld.small_cells_count,
        ],
    )
    tables = pa.Table.from_pylist([vars(table) for table in published])
    connection.register("_tables", tables)
    connection.execute("create table marts.publication_table as select * rename (name as table_name) from _tables")
    connection.unregister("_tables")
    heads = sorted((sender, *head) for sender, head in provenance.ledger_heads.items())
    columns = zip(*heads, strict=True) if heads else ([], [], [])
    types = {"sender_id": pa.string(), "sequence": pa.int64(), "entry_sha256": pa.string()}
    ledger = pa.table(
        {name: pa.array(values, kind) for (name, kind), values in zip(types.items(), columns, strict=True)}
    )
    connection.register("_ledger", ledger)
    connection.execute("create table marts.publication_ledger as from _ledger")
    connection.unregister("_ledger")
    for table, (about, columns_about) in _TEXTS.items():
        connection.execute(f"comment on table marts.{table} is {literal(about)}")
        for column, text in columns_about.items():
            connection.execute(f"comment on column marts.{table}.{column} is {literal(text)}")
