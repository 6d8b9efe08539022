"""Whom a payload's rows are about, as columns of pseudonyms beside the others: no row is joined to its person.

texts of `delivered` → identity.py, addresses.py → columns p_<landed column> of `delivered`
"""

from __future__ import annotations

from datetime import date

import duckdb
import pyarrow as pa

from orchestration.sources.checking import contract_sql as sql
from orchestration.sources.checking.delivered import Delivered
from orchestration.sources.feeds import Feed, Kind
from orchestration.sources.persons.addresses import address_keys
from orchestration.sources.persons.identity import persons
from orchestration.sources.persons.pseudonyms import Pseudonymiser
from orchestration.sources.texts import as_texts


def add_pseudonyms(
    connection: duckdb.DuckDBPyConnection, delivered: Delivered, feed: Feed, today: date, pseudonymiser: Pseudonymiser
) -> None:
    """Give `delivered` the columns that contract_sql.pseudonyms_sql reads. Raises duckdb.Error."""
    if person := sql.person_sql(feed):
        id_types, id_numbers = _texts(connection, delivered, *person[:2])
        found = persons(id_types, id_numbers, today, pseudonymiser)
        for name in found.column_names:
            delivered.add(sql.PSEUDONYM_PREFIX + name, found[name])
        is_everybody_found = found["person_key"].null_count == id_numbers.null_count
        if is_everybody_found and feed.field_of(Kind.PERSON_OR_BODY_ID) is None:
            delivered.settled.update(sql.identity_fault(feed))
    if address := feed.field_of(Kind.CLIENT_IP):
        (addresses,) = _texts(connection, delivered, sql.text_column(address))
        delivered.add(sql.PSEUDONYM_PREFIX + "client_ip_key", address_keys(addresses, pseudonymiser))


def _texts(connection: duckdb.DuckDBPyConnection, delivered: Delivered, *expressions: str) -> list[pa.LargeStringArray]:
    """What the SQL `expressions` over `delivered.rows` yield; a column that came trimmed is there already."""
    if all(expression in delivered.texts for expression in expressions):
        return [delivered.texts[expression] for expression in expressions]
    delivered.register(connection)
    asked = connection.sql(f"SELECT {', '.join(expressions)} FROM {delivered.rows}").to_arrow_table()
    return [as_texts(column) for column in asked.columns]
