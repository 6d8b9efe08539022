"""Quarantine: the rows that the contract refused, one row a reason, with nothing in them that identifies a person.

landing/_quarantine/<feed>/sender=<id>/<batch_id>.parquet
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.sources.checking import contract_sql as sql
from orchestration.sources.checking.contract import WHOLE_ROW, CheckedBatch
from orchestration.sources.checking.contract_sql import Reason
from orchestration.sources.feeds import PERSONAL_KINDS, Feed
from orchestration.sources.payload import MALFORMED, POSITION
from orchestration.sources.persons.identity import normalised_sql
from orchestration.sql_text import literal

QUARANTINE_FOLDER = "_quarantine"
RECORD_KEY = "record_key"
# Between the values of a key of several fields.
_KEY_SEPARATOR = "chr(31)"
# In a row whose cells have slipped, an id number or a phone may stand in any field: 18 or 15 digits, a mobile's eleven.
_LOOKS_IDENTIFYING = "(^|[^0-9])([0-9]{17}[0-9Xx]|[0-9]{15}|1[3-9][0-9]{9})([^0-9]|$)"


def quarantine_file(sender_id: str, feed: str, batch_id: str) -> Path:
    """Relative to the landing folder."""
    return Path(QUARANTINE_FOLDER) / feed / f"sender={sender_id}" / f"{batch_id}.parquet"


def write_quarantine(connection: duckdb.DuckDBPyConnection, checked: CheckedBatch, batch_id: str, path: Path) -> None:
    """Write the refused rows of `checked` to `path`, by position and field. Raises duckdb.Error.

    Columns: batch_id, sender_id, feed, payload_sha256, source_name, position BIGINT, period_start DATE, field, reason,
    record_key (the key under which the row would have landed, a person's pseudonym in it; null where it can't be told),
    row_masked (JSON text: the row as delivered, every identifying field and every column that no contract names
    replaced by its length).
    """
    payload = checked.payload
    connection.execute(
        f"""
        COPY (
            SELECT
                {literal(batch_id)} AS batch_id,
                {literal(payload.sender_id)} AS sender_id,
                {literal(payload.feed)} AS feed,
                {literal(payload.payload_sha256)} AS payload_sha256,
                {literal(payload.source_name)} AS source_name,
                {POSITION} AS position,
                _period_start AS period_start,
                fault.field AS field,
                fault.reason AS reason,
                {_record_key_sql(checked)} AS {RECORD_KEY},
                {_row_masked_sql(checked)} AS row_masked
            FROM checked
            JOIN incoming USING ({POSITION})
            JOIN {_faults_sql(checked)} ON checked._faults & fault.mask <> 0
            WHERE checked._faults <> 0
            ORDER BY position, fault.bit
        ) TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd)
        """
    )


def refusals(connection: duckdb.DuckDBPyConnection, checked: CheckedBatch) -> set[tuple[int, str, str]]:
    """(position, field, reason) of every refusal in `checked`."""
    query = f"""
        SELECT {POSITION}, fault.field, fault.reason
        FROM checked JOIN {_faults_sql(checked)} ON checked._faults & fault.mask <> 0
        WHERE checked._faults <> 0
    """
    return set(connection.execute(query).fetchall())


def _faults_sql(checked: CheckedBatch) -> str:
    rows = ", ".join(
        f"({1 << bit}::UBIGINT, {bit}, {literal(fault.field)}, {literal(fault.reason.value)})"
        for bit, fault in enumerate(checked.faults)
    )
    return f"(VALUES {rows}) AS fault (mask, bit, field, reason)"


def names_person_sql(feed: Feed) -> str | None:
    """SQL over $person_key: whether a refused row's key names the person. None for a feed whose keys name nobody."""
    keys = [sql.key_column(feed, name) for name in feed.key]
    if "person_key" not in keys:
        return None
    place = keys.index("person_key") + 1
    return f"coalesce(split_part({RECORD_KEY}, {_KEY_SEPARATOR}, {place}) = $person_key::UUID::VARCHAR, false)"


def _record_key_sql(checked: CheckedBatch) -> str:
    """SQL over `checked`: the values of the row's key as they would have landed, as one text.

    Null where a field of the key has a fault itself. A row with any fault but a repeated key may have slipped cells, so
    that a key which looks like somebody's number isn't kept of it.
    """
    bits = {fault: 1 << number for number, fault in enumerate(checked.faults)}
    repeated = sum(bit for fault, bit in bits.items() if fault.reason is Reason.DUPLICATE_KEY_IN_BATCH)
    of_key = sum(bit for fault, bit in bits.items() if fault.field in {WHOLE_ROW, *checked.feed.key}) & ~repeated
    columns = [f"checked.{sql.key_column(checked.feed, name)}" for name in checked.feed.key]
    plain = [column for column in columns if column != "checked.person_key"]
    looks_identifying = " OR ".join(f"regexp_matches({column}::VARCHAR, '{_LOOKS_IDENTIFYING}')" for column in plain)
    return f"""CASE
        WHEN checked._faults & {of_key}::UBIGINT <> 0 THEN NULL
        WHEN checked._faults <> {repeated}::UBIGINT AND ({looks_identifying}) THEN NULL
        ELSE {f" || {_KEY_SEPARATOR} || ".join(f"{column}::VARCHAR" for column in columns)}
    END"""


def _row_masked_sql(checked: CheckedBatch) -> str:
    pairs: list[str] = []
    for field in checked.feed.fields:
        if field.name not in checked.payload.header:
            continue
        text = sql.text_column(field)
        pairs += [literal(field.name), _length(text) if field.kind in PERSONAL_KINDS else _unless_identifying(text)]
    for number, name in enumerate(checked.outside_columns):
        column = f"x_{number}"
        is_known = name in checked.payload.non_personal
        pairs += [literal(name), _unless_identifying(column) if is_known else _length(column)]
    unread = f"json_object('{MALFORMED}', {MALFORMED})"
    return f"if({MALFORMED} IS NOT NULL, {unread}, json_object({', '.join(pairs)}))::VARCHAR"


def _length(text: str) -> str:
    return f"to_json(length({text}))"


def _unless_identifying(text: str) -> str:
    # In whatever form it was written: full-width, or in groups.
    # An object may hold anything.
    looks_identifying = f"regexp_matches({normalised_sql(text)}, '{_LOOKS_IDENTIFYING}|{sql.BEGINS_AN_OBJECT}')"
    return f"if({looks_identifying}, to_json(length({text})), to_json({text}))"
