"""JSON lines: text stays text, a broken line costs itself, unknown keys are reported and not kept."""

from __future__ import annotations

import json

import pytest
from reading import rows

from orchestration.sources.column_map import load_column_map
from orchestration.sources.feeds import FEEDS
from orchestration.sources.readers import parsed_rows
from orchestration.sources.readers.ndjson import read_ndjson
from orchestration.sources.readers.rows import FormatError, Rows


def read(data: bytes, feed: str = "registrations") -> Rows:
    return read_ndjson(data, FEEDS[feed], load_column_map(None, feed))


def test_values_stay_as_they_were_sent():
    record = {
        "registration_id": 12345678901234567890123, "course_id": "007", "learner_name": 'O\'Brien "中" \\',
        "id_number": 110101199003077715, "phone": "", "declared_groups": ["KG01"], "status": True,
    }  # fmt: skip
    (row,) = rows(read(json.dumps(record).encode()))
    assert row["registration_id"] == "12345678901234567890123"
    assert (row["course_id"], row["id_number"]) == ("007", "110101199003077715")
    assert row["learner_name"] == 'O\'Brien "中" \\'
    assert (row["phone"], row["declared_groups"], row["status"]) == ("", '["KG01"]', "true")


def test_broken_lines_keep_their_place_and_their_neighbours():
    lines = [
        b'\xef\xbb\xbf{"registration_id": "1"}', b"", b'{"registration_id": "2"', b'{"registration_id": "\xd6\xd0"}',
        b"[1]", b"  ", b'{"registration_id": "\\ud800"}', b' {"registration_id": "8"} \r', b"null",
    ]  # fmt: skip
    found = [(r["_position"], r["_malformed"], r["registration_id"]) for r in rows(read(b"\n".join(lines)))]
    assert found == [
        (1, None, "1"),
        (3, "not valid JSON", None),
        (4, "not UTF-8", None),
        (5, "not a JSON object", None),
        (7, "not valid JSON", None),
        (8, None, "8"),
        (9, "not a JSON object", None),
    ]


@pytest.mark.parametrize("data", [b"registration_id,course_id\n1,2\n", b'[{"registration_id": "1"}]', b"\xff\xfe\x00"])
def test_a_file_without_one_json_object_is_an_error(data):
    with pytest.raises(FormatError, match="no line is a JSON object"):
        read(data)


def test_a_value_nested_without_end_costs_no_other_row():
    deep = '{"registration_id": "2", "x": ' + "[" * 50_000 + "]" * 50_000 + "}"
    found = read(f'{{"registration_id": "1"}}\n{deep}\n{{"registration_id": "3"}}\n'.encode())
    assert [row["registration_id"] for row in rows(found)] == ["1", "2", "3"]


@pytest.mark.parametrize("other", [{}, {"unknown": 1}])
def test_spaces_around_a_key_do_not_lose_its_values(other):
    lines = [json.dumps({" registration_id": "1", "手机号码 ": 138, "region_code": None} | other), '{"phone": "139"}']
    (row,) = rows(read(lines[0].encode()))
    assert (row["registration_id"], row["phone"]) == ("1", "138")
    with pytest.raises(FormatError, match="'手机号码' and 'phone' both stand for phone"):
        read("\n".join(lines).encode())


def test_an_empty_file_is_no_rows():
    found = read(b"\n")
    assert rows(found) == []
    assert "registration_id" in found.header


def test_a_key_written_twice_in_one_object_costs_nobody_the_file():
    assert len(rows(read(b'{"registration_id": "1", "registration_id": "2"}\n{"registration_id": "3"}'))) == 2


def test_unknown_keys_are_reported_by_type_and_share():
    lines = [
        {"registration_id": "1", "school": "x", "rank": 1, "tags": [], "Status": "s"},
        {"registration_id": "2", "school": None, "rank": 2.5, "extra": {"a": 1}, "13800138000": True},
    ]
    found = read("\n".join(map(json.dumps, lines)).encode())
    assert {(c.name, c.type, c.filled_share) for c in found.unknown_columns} == {
        ("school", "text", 0.5), ("rank", "number", 1.0), ("tags", "list", 0.5), ("Status", "text", 0.5),
        ("extra", "object", 0.5), ("(column 7)", "boolean", 0.5),
    }  # fmt: skip
    assert found.header == ("registration_id",)


def test_above_the_full_scan_a_rare_value_of_the_contract_is_still_taken(monkeypatch):
    monkeypatch.setattr(parsed_rows, "FULL_SCAN_ROWS", 10)
    lines = [{"registration_id": str(number)} for number in range(100)]
    lines[7]["phone"] = "13800138000"
    found = read("\n".join(map(json.dumps, lines)).encode())
    assert found.header == ("registration_id", "phone")
    assert rows(found)[7]["phone"] == "13800138000"


@pytest.mark.parametrize(
    ("odd_line", "header", "unknown"),
    [
        ('{"registration_id": "7", "course_id": null}', ("registration_id", "course_id"), []),
        ('{"course_id": null, "registration_id": "7"}', ("registration_id", "course_id"), []),
        ('{"registration_id": "7", "course_id": "1", "phone": "1"}', ("registration_id", "course_id", "phone"), []),
        ('{"registration_id": "7", "course_id": "1", "school": "1"}', ("registration_id", "course_id"), ["school"]),
        ('{"registration_id": "7"', ("registration_id", "course_id"), []),
        ("null", ("registration_id", "course_id"), []),
    ],
)
def test_the_row_with_other_keys_is_seen(odd_line, header, unknown):
    lines = [f'{{"registration_id": "{number}", "course_id": "c"}}' for number in range(20)]
    lines[7] = odd_line
    found = read("\n".join(lines).encode())
    assert found.header == header
    assert [column.name for column in found.unknown_columns] == unknown
    is_read = '"7"' in odd_line and odd_line.endswith("}")
    assert rows(found)[7]["registration_id"] == ("7" if is_read else None)


def test_a_file_of_keys_that_nobody_knows_is_refused():
    with pytest.raises(FormatError, match="none of the 1 column names is known"):
        read(b'{"a": 1}')
