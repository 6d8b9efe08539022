"""Whether all rows have one set of keys, told from the text as a whole: held against a look at every row."""

from __future__ import annotations

import json
import random

import pyarrow as pa
import pytest

from orchestration.sources.column_map import load_column_map
from orchestration.sources.feeds import FEEDS
from orchestration.sources.readers.ndjson import read_ndjson
from orchestration.sources.readers.one_shape import has_no_other_key, keys_of

KEYS = ("registration_id", "course_id", "phone")
UNKNOWN = ("a", "phonf", "phone ", "电话号")
VALUES = (None, "x", "null", "", 7, 1e4, 0.5, True, {"a": 1}, ["a"], 'a":null', '"course_id":null', "两", "\\", " :")


def proven(lines: list[str], keys: tuple[str, ...]) -> bool:
    """As the reader asks: a value is null where the row has none under that key."""
    rows = [json.loads(line) for line in lines]
    values = pa.table({key: pa.array([_text(row.get(key)) for row in rows], pa.large_string()) for key in keys})
    return has_no_other_key(pa.array(lines, pa.large_string()), values)


def _text(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": "), (" , ", " : "), (",\t", ":")])
def test_rows_with_another_key_are_never_taken_for_rows_of_one_shape(separators):
    chosen = random.Random(7)
    proofs = 0
    for _ in range(1_000):
        lines = []
        for _ in range(chosen.randint(1, 3)):
            keys = [key for key in KEYS if chosen.random() < 0.9] + [key for key in UNKNOWN if chosen.random() < 0.05]
            row = {key: chosen.choice(VALUES) for key in keys}
            lines.append(json.dumps(row, separators=separators, ensure_ascii=chosen.random() < 0.5))
        is_of_one_shape = all(set(json.loads(line)) == set(KEYS) for line in lines)
        if proven(lines, KEYS):
            assert is_of_one_shape, lines
            proofs += 1
    assert proofs > 50 or separators[1] == " : " or "\t" in separators[0]


@pytest.mark.parametrize(
    "odd",
    [
        '{"registration_id":"1","registration_id":"2","course_id":"c"}',
        '{"registration_id":"1","course_id" :"c","a":"b"}',
        '{"registration_id":"1","course_id":"c","a":null}',
        '{"registration_id":"1","a":null}',
        '{"registration_id":"1","course_id":"c","c\\u006furse_id":null}',
    ],
)
def test_a_row_that_is_odd_is_no_proof(odd):
    even = '{"registration_id":"1","course_id":null}'
    assert proven([even, even], KEYS[:2])
    assert not proven([even, odd], KEYS[:2])


@pytest.mark.parametrize("line", [None, "", "[1]", "7", '{"a":1', '{"a":1,"a":2}', '{"a":{"b":1}}', "{}"])
def test_a_first_line_without_plain_keys_has_none(line):
    assert keys_of(line) == ()


def test_keys_come_in_the_rows_order():
    assert keys_of('{"b":1, "a":"x"}') == ("b", "a")


def test_numbers_and_objects_are_read_as_their_text():
    text = b'{"registration_id":7,"course_id":1.50}\n{"registration_id":true,"course_id":{"a":[1]}}\n'
    found = read_ndjson(text, FEEDS["registrations"], load_column_map(None, "registrations"))
    assert found.table.select(["registration_id", "course_id"]).to_pylist() == [
        {"registration_id": "7", "course_id": "1.5"},
        {"registration_id": "true", "course_id": '{"a":[1]}'},
    ]
