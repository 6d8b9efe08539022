"""A payload's columns as the contract's SQL reads them: of each what still has to be looked at, row by row.

payload.table → each column looked at as a whole (whole_columns.py) → view `payload`, SQL of its texts and values
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as part
from datetime import date

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.sources import contract_sql as sql
from orchestration.sources.contract_sql import Fault
from orchestration.sources.feeds import LANDED_TYPE, PERSONAL_KINDS, Feed, Field, Kind
from orchestration.sources.payload import MALFORMED, POSITION, Payload
from orchestration.sources.texts import as_texts
from orchestration.sources.whole_columns import are_phone_numbers, are_trimmed, read_whole
from orchestration.sql_text import quoted

# From about here on running a statement takes longer than planning it.
_MANY_ROWS = 1_536


@dataclass
class Delivered:
    """What `deliver` found out. Of `rows` (SQL): _position, _malformed, t_<field> for every field (its text, trimmed),
    x_<n> for the columns outside the contract, w_<field> where `values` names it.

    `values`: field -> SQL of its landed value, where it need not be read from its text. `derived`: landed column -> SQL
    shorter than contract_sql's. `settled`: faults that no row has. `moments`: first and last day of the field that
    versions a record, where every row has one. `are_all_read`: no row is malformed.
    """

    rows: str = ""
    values: dict[str, str] = part(default_factory=dict)
    derived: dict[str, str] = part(default_factory=dict)
    settled: set[Fault] = part(default_factory=set)
    moments: tuple[date, date] | None = None
    are_all_read: bool = False


def deliver(connection: duckdb.DuckDBPyConnection, payload: Payload, feed: Feed, outside: tuple[str, ...]) -> Delivered:
    """Make the view `payload` in `connection`, and say how its columns are read. Raises duckdb.Error."""
    table = payload.table
    found = Delivered(are_all_read=table[MALFORMED].null_count == table.num_rows)
    columns: dict[str, pa.Array | pa.ChunkedArray] = {name: table[name] for name in (POSITION, MALFORMED)}
    trimmed_texts: dict[str, pa.LargeStringArray] = {}
    selected = [POSITION, MALFORMED]
    for field in feed.fields:
        text = sql.text_column(field)
        if field.name not in payload.header:
            selected.append(f"NULL::VARCHAR AS {text}")
            found.settled.update(sql.faults_of_text(field))
            if field.kind not in PERSONAL_KINDS:
                found.values[field.name] = f"NULL::{LANDED_TYPE[field.kind]}"
            continue
        texts = columns[field.name] = as_texts(table[field.name])
        if not are_trimmed(texts):
            trimmed = sql.trimmed_sql(quoted(field.name), is_for_many=table.num_rows >= _MANY_ROWS)
            selected.append(f"{trimmed} AS {text}")
            continue
        selected.append(f"{quoted(field.name)} AS {text}")
        trimmed_texts[field.name] = texts
        selected += _settle(found, feed, field, texts, columns)
    found.settled.update(_without_numbers(feed, payload.header, trimmed_texts))
    for number, name in enumerate(outside):
        columns[name] = table[name]
        selected.append(f"{quoted(name)} AS x_{number}")
    connection.register("payload", pa.table(columns))
    found.rows = f"(SELECT {', '.join(selected)} FROM payload)"
    return found


def _settle(
    found: Delivered, feed: Feed, field: Field, texts: pa.LargeStringArray, columns: dict[str, pa.Array]
) -> Iterator[str]:
    """Note in `found` what is known of a trimmed column; its values, where they are no texts, are put among `columns`
    and selected."""
    if not texts.null_count:
        found.settled.update(sql.missing_faults(feed, field))
    if field.kind is Kind.PHONE and are_phone_numbers(texts):
        found.derived["phone_last4"] = f"right({sql.text_column(field)}, 4)"
    values = read_whole(field, texts)
    if values is None:
        return
    found.settled.update(sql.faults_of_text(field))
    if values is texts:
        found.values[field.name] = sql.text_column(field)
        return
    name = found.values[field.name] = f"w_{field.name}"
    columns[name] = values
    if field.name == feed.version_field and len(values) and not values.null_count:
        found.moments = tuple(moment.as_py().date() for moment in pc.min_max(values).values())
    yield name


def _without_numbers(feed: Feed, header: tuple[str, ...], texts: Mapping[str, pa.LargeStringArray]) -> Iterator[Fault]:
    """Of the faults of a person's number in another field those that no row has. `texts`: the trimmed columns."""
    id_number = feed.field_of(Kind.ID_NUMBER)
    if id_number is None:
        return
    for fault in sql.id_number_elsewhere(feed):
        delivered = {fault.field, id_number.name} & set(header)
        columns = [texts[name] for name in delivered if name in texts]
        # Of a column that was not delivered, or nowhere the same: either way there is nothing to find row by row.
        if len(delivered) < 2 or (len(columns) == 2 and not pc.any(pc.equal(*columns)).as_py()):
            yield fault
