"""Is the finished file what it should be? Looked at as its readers will: opened anew, read only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from orchestration.publishing.database import PublishedTable
from orchestration.publishing.errors import PublishError
from orchestration.publishing.publication_record import PUBLICATION_TABLES
from orchestration.publishing.specification import FLAG_COLUMN
from orchestration.publishing.tables import columns_of
from orchestration.sql_text import quoted

# Names under which something about one person goes; none of them has a place in a published table.
_PERSONAL_COLUMNS = frozenset(
    {
        "person_key", "person_sk", "registration_sk", "registration_id", "id_number", "id_type", "birth_year", "sex",
        "subject_id", "evidence", "payee_uscc", "certificate_no", "device_id",
    }
)  # fmt: skip
_PERSONAL_PARTS = ("phone", "learner_name", "client_ip", "person_key", "id_number")
# A resident id with a possible date of birth, a UUID (person keys), a mobile number; alone or within other text.
_ID_NUMBER = (
    r"(^|[^0-9A-Za-z])[1-9][0-9]{5}"
    r"(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])"
    r"[0-9]{3}[0-9Xx]($|[^0-9A-Za-z])"
)
_KEY_OR_PHONE = (
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
    r"|(^|[^0-9A-Za-z])1[3-9][0-9]{9}($|[^0-9A-Za-z])"
)


def verify_version(path: Path, published: Sequence[PublishedTable], contracts: Mapping[str, Mapping[str, str]]) -> None:
    """Compare the file with what was written into it, and look for persons. `contracts`: table → column → type as in
    the warehouse. Raises PublishError with a line for each thing that is wrong."""
    with duckdb.connect(str(path), read_only=True) as connection:
        problems = _tables_differ(connection, published)
        columns_by_table = columns_of(connection, "marts")
        for table in published:
            problems += _counts_differ(connection, table)
            columns = columns_by_table[table.name]
            problems += _contract_differs(table.name, columns, contracts[table.name])
            problems += personal_columns(table.name, columns)
            problems += _personal_values(connection, table.name, columns)
    if problems:
        raise PublishError("\n".join(problems))


def personal_columns(table: str, columns: Mapping[str, str]) -> list[str]:
    """A problem for each column whose name or type is one of a person's."""
    return [
        f"marts.{table}.{name} ({kind}) is about single persons and can't be published"
        for name, kind in columns.items()
        if name.lower() in _PERSONAL_COLUMNS or any(part in name.lower() for part in _PERSONAL_PARTS) or kind == "UUID"
    ]


def _tables_differ(connection: duckdb.DuckDBPyConnection, published: Sequence[PublishedTable]) -> list[str]:
    rows = connection.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
    found, wanted = {name for (name,) in rows}, {table.name for table in published} | set(PUBLICATION_TABLES)
    return [f"marts.{name} is missing in the published file" for name in sorted(wanted - found)] + [
        f"marts.{name} is in the published file and on no list" for name in sorted(found - wanted)
    ]


def _counts_differ(connection: duckdb.DuckDBPyConnection, table: PublishedTable) -> list[str]:
    count = connection.execute(f"select count(*) from marts.{quoted(table.name)}").fetchall()[0][0]
    return [] if count == table.rows_count else [f"marts.{table.name}: {count} rows, should be {table.rows_count}"]


def _contract_differs(table: str, columns: Mapping[str, str], contract: Mapping[str, str]) -> list[str]:
    found = [(name, kind) for name, kind in columns.items() if name != FLAG_COLUMN]
    return (
        []
        if found == list(contract.items())
        else [f"marts.{table}: columns {found}, should be {list(contract.items())}"]
    )


def _personal_values(connection: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str]) -> list[str]:
    texts = [name for name, kind in columns.items() if "VARCHAR" in kind]
    if not texts:
        return []
    tests = ", ".join(
        f"count(*) filter (regexp_matches(cast({quoted(name)} as varchar), '{_pattern(name)}'))" for name in texts
    )
    counts = connection.execute(f"select {tests} from marts.{quoted(table)}").fetchall()[0]
    # The values themselves never get into a message.
    return [
        f"marts.{table}.{name}: {count} values look like an id number, a phone number or a person's key"
        for name, count in zip(texts, counts, strict=True)
        if count
    ]


def _pattern(column: str) -> str:
    # A credit code may be 18 digits with what looks like a date in them; it is an enterprise's, and public.
    return _KEY_OR_PHONE if column.endswith("_uscc") else f"{_ID_NUMBER}|{_KEY_OR_PHONE}"
