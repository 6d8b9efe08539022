"""Rows that are written alike, read without a parser: held against one, and never taken for what they are not."""

from __future__ import annotations

import json
import random

import pytest

from orchestration.sources.column_map import load_column_map
from orchestration.sources.feeds import FEEDS
from orchestration.sources.readers import ndjson, one_layout
from orchestration.sources.readers.one_layout import layout_of, read_texts

KEYS = ("registration_id", "course_id", "phone")
SEPARATORS = [(",", ":"), (", ", ": ")]
TEXTS = ("x", "null", "", "两 岸", " :", "a,b", "}", "{", "[", "course_id", "0", "\x7f", "é" * 40)
OTHERS = (None, 7, -7, 0, 123456789012345, 0.5, -0.5, 85.0, 1234567890.1234, True, False, [], ["a"])
LEFT_TO_A_PARSER = (1e22, 1e-7, 0.12345, {"a": 1}, [1], [["a"]], ["两", None], 'a"', "\\", "a\tb")


def texts_of(text: str | bytes) -> list[list[str | None]] | None:
    """By row, or None where the rows are not proven to be written alike."""
    given = text.encode() if isinstance(text, str) else text
    layout = layout_of(given.split(b"\n", 1)[0])
    columns = read_texts(given, layout) if layout else None
    return None if columns is None else [list(row) for row in zip(*(c.to_pylist() for c in columns), strict=True)]


def by_a_parser(text: bytes, monkeypatch: pytest.MonkeyPatch) -> list[dict]:
    with monkeypatch.context() as patched:
        patched.setattr(ndjson, "layout_of", lambda line: None)
        return read(text)


def read(text: bytes) -> list[dict]:
    return ndjson.read_ndjson(text, FEEDS["registrations"], load_column_map(None, "registrations")).table.to_pylist()


def rows_drawn(chosen: random.Random, values: tuple, count: int) -> list[dict]:
    return [{key: chosen.choice(values) for key in KEYS} for _ in range(count)]


@pytest.mark.parametrize("separators", SEPARATORS)
@pytest.mark.parametrize("piece", [1, 150, 1 << 20])
def test_what_is_written_alike_is_read_as_a_parser_reads_it(separators, piece, monkeypatch):
    monkeypatch.setattr(one_layout, "_PIECE", piece)
    chosen = random.Random(3)
    for number in range(150):
        rows = rows_drawn(chosen, TEXTS + OTHERS, chosen.randint(1, 9))
        lines = [json.dumps(row, ensure_ascii=False, separators=separators) for row in rows]
        text = ("\n".join(lines) + "\n" * (number % 2)).encode()
        assert texts_of(text) is not None, text
        assert read(text) == by_a_parser(text, monkeypatch)


def test_a_list_of_several_is_read_where_no_space_stands_in_it():
    assert texts_of('{"a":["x","y"],"b":"z"}') == [['["x","y"]', "z"]]
    assert texts_of('{"a": ["x", "y"], "b": "z"}') is None


@pytest.mark.parametrize("value", LEFT_TO_A_PARSER)
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_value_that_may_be_told_in_other_words_is_left_to_a_parser(value, number):
    rows = [{"a": "x", "b": "y"} for _ in range(3)]
    rows[number]["a"] = value
    assert texts_of("\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)) is None


@pytest.mark.parametrize(
    "odd",
    [
        '{"b":"y","a":"x"}', '{"a":"x"}', '{"a":"x","b":"y","c":"z"}', '{"a":"x","c":"y"}', '{"a":"x","a":"y"}',
        '{"a":"x","b":"y"', '{"a":"x","b":"y"} ', ' {"a":"x","b":"y"}', '{"a":"x", "b":"y"}', '{"a":"x" ,"b":"y"}',
        '{"a":"x","b":}', '{"a":"x","b":nul}', '{"a":"x","b":nulll}', '{"a":"x","b":"}', '{"a":"x","b":"y"z"}',
        '{"a":"x","b":y}', '{"a":"x","b":01}', '{"a":"x","b":-0}', '{"a":"x","b":1.50}', '{"a":"x","b":["y]}',
        '{"a":":","b":"y"}', '{"a":"x","b":"y"}\r', '{"a":"x","b":"y"},', "", "7", '{"a":"x\x00","b":"y"}',
        '{"a":"x","b":["y":"z"]}', '{"a":"x","b":"y"}{"a":"x","b":"y"}',
    ],
)  # fmt: skip
@pytest.mark.parametrize("number", [1, 2])
def test_a_row_written_otherwise_is_no_proof(odd, number):
    lines = ['{"a":"x","b":"y"}'] * 3
    assert texts_of("\n".join(lines)) == [["x", "y"]] * 3
    lines[number] = odd
    if number == 2 and odd == "":
        assert texts_of("\n".join(lines)) == [["x", "y"]] * 2
    else:
        assert texts_of("\n".join(lines)) is None


def test_bytes_that_are_no_utf8_are_no_proof():
    assert texts_of('{"a":"中"}\n{"a":"国"}'.encode()) == [["中"], ["国"]]
    assert texts_of('{"a":"中"}\n{"a":"国"}'.encode("gb18030")) is None
    assert texts_of(b'{"a":"x"}\n' + '{"a":"国"}'.encode("gb18030")) is None


def test_the_rows_of_pages_are_read_whether_or_not_one_runs_over_several_lines():
    pages = [b'{"registration_id":"1","course_id":"a"}', b'{"registration_id":"2",\n"course_id":"b"}']
    feed, column_map = FEEDS["registrations"], load_column_map(None, "registrations")
    found = ndjson.read_rows(pages, feed, column_map).table.to_pylist()
    assert [(row["_position"], row["registration_id"], row["course_id"]) for row in found] == [
        (1, "1", "a"),
        (2, "2", "b"),
    ]
    assert ndjson.read_rows(pages[:1], feed, column_map).table.to_pylist() == found[:1]


@pytest.mark.parametrize("line", [b"", b"[1]", b"7", b'{"a":1', b'{"a":1,"a":2}', b"{}", b'{ "a":1}', b'{"\\u0061":1}'])
def test_a_first_row_written_in_some_other_way_has_no_layout(line):
    assert layout_of(line) is None


def test_damaged_text_is_either_no_proof_or_read_as_a_parser_reads_it(monkeypatch):
    """Bytes changed, taken away, doubled: thousands of texts, most of which are no JSON any more."""
    monkeypatch.setattr(one_layout, "_PIECE", 200)
    chosen = random.Random(11)
    proofs = 0
    for _ in range(4_000):
        lines = [
            json.dumps(row, ensure_ascii=False, separators=(",", ":"))
            for row in rows_drawn(chosen, ("x", None, 7, "", ["a"]), 4)
        ]
        text = bytearray("\n".join(lines).encode())
        for _ in range(chosen.randint(1, 3)):
            at = chosen.randrange(len(text))
            match chosen.randrange(4):
                case 0:
                    text[at] = chosen.choice(b'",:{}[]x1\\\n ')
                case 1:
                    del text[at]
                case 2:
                    text[at:at] = bytes([chosen.choice(b'",:{}[]x1 ')])
                case _:
                    other = chosen.randrange(len(text))
                    text[at], text[other] = text[other], text[at]
        if texts_of(bytes(text)) is None or layout_of(bytes(text).split(b"\n", 1)[0]).keys != KEYS:
            continue
        proofs += 1
        assert read(bytes(text)) == by_a_parser(bytes(text), monkeypatch), bytes(text)
    assert proofs > 40
