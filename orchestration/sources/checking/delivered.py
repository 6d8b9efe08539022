"""A payload's columns as the contract's SQL reads them: of each what still has to be looked at, row by row.

payload.table → each column looked at as a whole (whole_columns.py) → SQL of its texts and values over view `payload`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as part
from datetime import date

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.sources.checking import contract_sql as sql
from orchestration.sources.checking.contract_sql import Fault
from orchestration.sources.checking.whole_columns import are_phone_numbers, are_trimmed, read_whole
from orchestration.sources.feeds import LANDED_TYPE, PERSONAL_KINDS, Feed, Field, Kind
from orchestration.sources.payload import MALFORMED, POSITION, Payload
from orchestration.sources.texts import as_texts
from orchestration.sql_text import quoted

# From about here on running a statement takes longer than planning it.
_MANY_ROWS = 1_536


@dataclass
class Delivered:
    """What `deliver` found out. Of `rows` (SQL): _position, _malformed, t_<field> for every field (its text, trimmed),
    x_<n> for the columns outside the contract, w_<field> where `values` names it, and what was added.

    `texts`: t_<field> -> its texts, where they came trimmed. `values`: field -> SQL of its landed value, where it need
    not be read from its text. `derived`: landed column -> SQL shorter than contract_sql's. `settled`: faults that no
    row has. `moments`: first and last day of the field that versions a record, where every row has one. `are_all_read`:
    no row is malformed.
    """

    columns: dict[str, pa.Array | pa.ChunkedArray] = part(default_factory=dict)
    selected: list[str] = part(default_factory=list)
    texts: dict[str, pa.LargeStringArray] = part(default_factory=dict)
    values: dict[str, str] = part(default_factory=dict)
    derived: dict[str, str] = part(default_factory=dict)
    settled: set[Fault] = part(default_factory=set)
    moments: tuple[date, date] | None = None
    are_all_read: bool = False

    @property
    def rows(self) -> str:
        return f"(SELECT {', '.join(self.selected)} FROM payload)"

    def add(self, name: str, values: pa.Array | pa.ChunkedArray) -> None:
        """One more column of `rows`, in the payload's order."""
        self.columns[name] = values
        self.selected.append(name)

    def register(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the view `payload`, of all columns there are by now, in `connection`. Raises duckdb.Error."""
        connection.register("payload", pa.table(self.columns))


def deliver(payload: Payload, feed: Feed, outside: tuple[str, ...]) -> Delivered:
    """Say how the payload's columns are read."""
    table = payload.table
    found = Delivered(are_all_read=table[MALFORMED].null_count == table.num_rows)
    for name in (POSITION, MALFORMED):
        found.add(name, table[name])
    for field in feed.fields:
        text = sql.text_column(field)
        if field.name not in payload.header:
            found.selected.append(f"NULL::VARCHAR AS {text}")
            found.settled.update(sql.faults_of_text(field))
            if field.kind not in PERSONAL_KINDS:
                found.values[field.name] = f"NULL::{LANDED_TYPE[field.kind]}"
            continue
        texts = found.columns[field.name] = as_texts(table[field.name])
        if not are_trimmed(texts):
            trimmed = sql.trimmed_sql(quoted(field.name), is_for_many=table.num_rows >= _MANY_ROWS)
            found.selected.append(f"{trimmed} AS {text}")
            continue
        found.selected.append(f"{quoted(field.name)} AS {text}")
        found.texts[text] = texts
        _settle(found, feed, field, texts)
    found.settled.update(_without_numbers(feed, payload.header, found.texts))
    for number, name in enumerate(outside):
        found.add(f"x_{number}", table[name])
    return found


def _settle(found: Delivered, feed: Feed, field: Field, texts: pa.LargeStringArray) -> None:
    """Note in `found` what is known of a trimmed column; its values, where they are no texts, are added."""
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
    found.add(name, values)
    if field.name == feed.version_field and len(values) and not values.null_count:
        found.moments = tuple(moment.as_py().date() for moment in pc.min_max(values).values())


def _without_numbers(feed: Feed, header: tuple[str, ...], texts: Mapping[str, pa.LargeStringArray]) -> Iterator[Fault]:
    """Of the faults of a person's number in another field those that no row has. `texts`: those of Delivered."""
    id_number = feed.field_of(Kind.ID_NUMBER)
    if id_number is None:
        return
    for fault in sql.id_number_elsewhere(feed):
        delivered = {fault.field, id_number.name} & set(header)
        columns = [texts[text] for name in delivered if (text := sql.TEXT_PREFIX + name) in texts]
        # Of a column that was not delivered, or nowhere the same: either way there is nothing to find row by row.
        if len(delivered) < 2 or (len(columns) == 2 and not pc.any(pc.equal(*columns)).as_py()):
            yield fault
