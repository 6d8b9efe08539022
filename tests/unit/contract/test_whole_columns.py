"""Columns read as a whole, held against the contract's SQL text by text: the same values, and never a fault."""

from __future__ import annotations

import random

import duckdb
import pyarrow as pa
import pytest
from payload_fakes import learning_record, payload, payment, registration, terms

from orchestration.sources.checking import contract_sql as sql
from orchestration.sources.checking import delivered
from orchestration.sources.checking.contract import check, open_workspace
from orchestration.sources.checking.whole_columns import are_phone_numbers, are_trimmed, read_whole
from orchestration.sources.feeds import FEEDS, PERSONAL_KINDS, Kind

TEXTS = {
    Kind.TEXT: (
        "a", "王", "verified", "active", "Active", "ab c", "\u3000x", "1", "1E+17", "#REF!", "C#", "{1}", '{"a":1}',
        '["a"]', '["', "[]", "[[1]]", "[1]", "[直播]课", "王1380013800", "王13800138000", "42010619900101002X",
    ),
    Kind.TIMESTAMP: (
        "2020-05-18T10:00:00+08:00", "2020-02-29T23:59:59+08:00", "1000-01-01T00:00:00+08:00",
        "9999-12-31T23:59:59+08:00", "2020-02-30T10:00:00+08:00", "2020-05-18T24:00:00+08:00",
        "2020-05-18T23:59:60+08:00", "0999-05-18T10:00:00+08:00",
        "2020-05-18T10:00:00+09:00", "2020-05-18T10:00:00Z", "2020-05-18 10:00:00+08:00", "2020-05-18T10:00:00-08:00",
        "2020-05-18T10:00:00.5+08:00", "2020-05-18", "２020-05-18T10:00:00+08:00", "2020-05-18T10:00:0a+08:00",
    ),
    Kind.DATE: ("2020-02-29", "1900-02-29", "9999-12-31", "0999-01-01", "2020-13-01", "2020/01/01", "2020-01-01T00:00"),
    Kind.INTEGER: ("0", "7", "5", "6", "007", "-1", "+1", "1.0", "999999999999999999", "9999999999999999999", "１"),
    Kind.MONEY: ("0", "1.5", "1.50", "007.25", "9999999999.99", "99999999999", "1.005", "-1", "1e2", ".5", "5."),
    Kind.NUMBER: ("0", "100", "100.0001", "0.12345", "1.0000", "-0", "99999999999999.9999", "1e2", "２"),
    Kind.BOOLEAN: ("true", "false", "TRUE", "1", "0", "是", "否", "yes"),
    Kind.TEXT_LIST: (
        "KG01", "KG01;KG06A", "KG01;", ";KG01", "KG01;KG1", '["KG01"]', "KG01；KG02", "KG01; KG02", "[", "a",
        '["KG01","KG06A"]', '["KG01", "KG06A"]', '["KG01" ,"KG06A"]', '["KG01;KG06A"]', '[""]',
        "[]", '["KG01"', '["KG01",]',
    ),
    Kind.USCC: ("91420100MA4K12345X", "91420100ma4k12345x", "91420100MA4K12345", "91420100MA4K12345X\n"),
}  # fmt: skip
FIELDS = {
    (field.kind, field.values, field.at_least, field.at_most, field.above, field.is_prose): field
    for feed in FEEDS.values()
    for field in feed.fields
    if field.kind not in PERSONAL_KINDS
}


@pytest.mark.parametrize("field", FIELDS.values(), ids=lambda field: field.name)
def test_a_text_read_as_a_whole_has_the_value_that_sql_gives_and_no_fault(field):
    read = 0
    with open_workspace("1GiB") as connection:
        for text in (*TEXTS[field.kind], *field.values):
            texts = pa.array([text, None], pa.large_string())
            values = read_whole(field, texts) if are_trimmed(texts) else None
            if values is None:
                continue
            read += 1
            connection.register("given", pa.table({sql.text_column(field): texts, "whole": values}))
            conditions = [f"coalesce({fault.condition}, false)" for fault in sql.faults_of_text(field)]
            value = sql.value_column(field)
            rows = connection.execute(
                f"SELECT {value}, whole, typeof({value}) = typeof(whole), {' OR '.join(conditions) or 'false'}"
                f" FROM (SELECT *, {sql.value_sql(field)} AS {value} FROM given)"
            ).fetchall()
            assert [row[0] for row in rows] == [row[1] for row in rows], text
            assert rows[0][0] is not None
            assert all(row[2:] == (True, False) for row in rows), text
    assert read, "no text of this kind is read as a whole"


@pytest.mark.parametrize("field", FIELDS.values(), ids=lambda field: field.name)
def test_one_text_of_another_form_leaves_the_column_to_sql(field):
    plain = next(text for text in (*field.values, *TEXTS[field.kind]) if _is_read(field, text))
    assert _is_read(field, plain, None, plain)
    is_free_text = field.kind is Kind.TEXT and not field.values
    assert _is_read(field, plain, "?", plain) == is_free_text


def _is_read(field, *texts: str | None) -> bool:
    return read_whole(field, pa.array(texts, pa.large_string())) is not None


@pytest.mark.parametrize("text", ["", " a", "a ", "a\u3000", "\ufeffa", "a\u00a0", "\ta", "王\r"])
def test_a_text_with_a_space_at_either_end_is_not_trimmed(text):
    assert are_trimmed(pa.array(["a", None, "王小明", "a b", "人\ue000"], pa.large_string()))
    assert not are_trimmed(pa.array(["a", None, text], pa.large_string()))


def test_a_part_of_a_column_is_looked_at_alone():
    texts = pa.array([" a", "b", "c", "13800138000", None, "13900139000", "x "], pa.large_string())
    assert are_trimmed(texts.slice(1, 5))
    assert are_phone_numbers(texts.slice(3, 3))
    assert not are_phone_numbers(texts.slice(2, 3))


ODD = ("", " ", "x", "?", " 王 ", "13800138000", "2020-04-01", "2020-04-01T00:00:00Z", "-1", "1e3", "KG01;KG99", None)


@pytest.mark.parametrize("feed", ["registrations", "learning_records", "subsidy_payments"])
def test_a_batch_comes_out_the_same_with_every_column_left_to_sql(monkeypatch, feed):
    """Drawn at random: rows as they should be, and now and then one field of another form."""
    make = {"registrations": registration, "learning_records": learning_record, "subsidy_payments": payment}[feed]
    chosen = random.Random(20200323)
    for odd_share in (0, 0, 0.002, 0.01, 0.05):
        rows = []
        for number in range(60):
            row = make(**{FEEDS[feed].key[0]: f"K{number}"})
            rows.append({name: chosen.choice(ODD) if chosen.random() < odd_share else row[name] for name in row})
        given = payload(feed, rows)
        as_a_whole = _outcome(given)
        with monkeypatch.context() as patched:
            patched.setattr(delivered, "are_trimmed", lambda texts: False)
            assert _outcome(given) == as_a_whole


def _outcome(given) -> tuple:
    with open_workspace("1GiB") as connection:
        checked = check(connection, given, terms())
        rows = connection.execute("SELECT * FROM checked ORDER BY _position")
        types = [(column[0], str(column[1])) for column in rows.description or ()]
        return checked.periods, types, rows.fetchall(), _incoming(connection, bool(checked.refused_rows_count))


def _incoming(connection: duckdb.DuckDBPyConnection, has_refused: bool) -> list[tuple]:
    if not has_refused:
        return []
    texts = "SELECT COLUMNS('_position|_malformed|t_.*|x_.*') FROM incoming ORDER BY _position"
    return connection.execute(texts).fetchall()
