"""Delimited files: encodings that were not said, headers, ragged rows and quotes."""

from __future__ import annotations

import pytest
from reading import rows

from orchestration.sources.column_map import load_column_map
from orchestration.sources.feeds import FEEDS
from orchestration.sources.readers.delimited import read_delimited
from orchestration.sources.readers.rows import FormatError, Rows

CHINESE = "督促编号,报名编号,发送时间,渠道,更新时间\nT-1,R-1,2020-04-08 09:00:00,sms,2020-04-08 09:00:00\n"
ENGLISH = "reminder_id,registration_id,sent_at,channel,updated_at\n"


def read(text: str | bytes, encoding: str = "utf-8", delimiter: str = ",", feed: str = "reminders") -> Rows:
    data = text.encode() if isinstance(text, str) else text
    return read_delimited(data, delimiter, encoding, FEEDS[feed], load_column_map(None, feed))


def refused(*arguments: object, **keys: str) -> FormatError:
    with pytest.raises(FormatError) as caught:
        read(*arguments, **keys)  # type: ignore[arg-type]
    return caught.value


def test_chinese_headers_and_positions():
    found = read(CHINESE)
    assert found.header == ("reminder_id", "registration_id", "sent_at", "channel", "updated_at")
    assert found.delivered_header == ("督促编号", "报名编号", "发送时间", "渠道", "更新时间")
    assert rows(found)[0]["reminder_id"] == "T-1"


def test_a_gb18030_header_read_as_utf8_names_the_field_and_what_would_read():
    error = refused(CHINESE.encode("gb18030"))
    assert error.message == "not UTF-8 (byte 1); it reads as GB18030: set `encoding: gb18030` in the registry"
    assert (error.field, error.row) == ("reminder_id", None)


def test_a_gb18030_value_read_as_utf8_names_field_and_row():
    text = ENGLISH + "T-1,R-1,x,sms,y\nT-2,R-2,二〇二〇,sms,y\n"
    error = refused(text.encode("gb18030"))
    assert (error.field, error.row) == ("sent_at", 2)
    assert "二" not in error.message


def test_a_file_without_header_in_a_wrong_encoding_shows_nobodys_name():
    error = refused("张三,110101199003077715\n李四,110101199003077715\n".encode("gb18030"))
    assert error.field == "(column 1)"
    assert "张三" not in str(error)


def test_utf8_said_to_be_gb18030_is_told():
    # The first can be decoded as GB18030, into garbled names; the second can't.
    decodable = "报名编号,更新时间\nR-1,x\n"
    assert refused(decodable, encoding="gb18030").message.startswith("is UTF-8, not GB18030")
    assert "it reads as UTF-8: set `encoding: utf-8`" in refused(CHINESE, encoding="gb18030").message


def test_a_byte_order_mark_wins_over_the_registry():
    assert rows(read(b"\xef\xbb\xbf" + CHINESE.encode(), encoding="gb18030"))[0]["reminder_id"] == "T-1"
    assert rows(read(b"\xef\xbb\xbf" + CHINESE.encode()))[0]["reminder_id"] == "T-1"


def test_utf16_is_told_and_read_when_said():
    assert "set `encoding: utf-16`" in refused(CHINESE.encode("utf-16")).message
    assert rows(read(CHINESE.encode("utf-16"), encoding="utf-16"))[0]["reminder_id"] == "T-1"


def test_bytes_that_no_encoding_reads():
    error = refused(ENGLISH.encode() + b"T-1,\xff\xff\xff,x,sms,y\n")
    assert error.message == "not UTF-8 (byte 60); no known encoding reads it"
    assert (error.field, error.row) == ("registration_id", 1)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("reminder_id,reminder_id,channel", "header: 'reminder_id' appears twice"),
        ("reminder_id,督促编号,channel", "header: 'reminder_id' and '督促编号' both stand for reminder_id"),
    ],
)
def test_two_columns_for_one_field_are_refused(header, message):
    error = refused(f"{header}\na,b,c\n")
    assert (error.message, error.field) == (message, "reminder_id")


def test_a_missing_header_is_told_without_repeating_the_first_row():
    error = refused("张三,110101199003077715\n李四,110101199003077715\n")
    assert error.message.startswith(
        "none of the 2 column names is known; is the header missing? Expected: reminder_id,"
    )
    assert "张三" not in error.message


def test_ragged_rows_cost_themselves_only_and_keep_every_position():
    text = ENGLISH + 'T-1,R-1,a,sms,b\nT-2,R-2\n\nT-3,R-3,a,sms,b,c,d\n"T\n4",R-4,a,sms,b\n,,,,\nT-5,R-5,a,sms,b\n\n'
    assert [(row["_position"], row["_malformed"], row["reminder_id"]) for row in rows(read(text))] == [
        (1, None, "T-1"),
        (2, "2 values, the header has 5", None),
        (4, "7 values, the header has 5", None),
        (5, None, "T\n4"),
        (7, None, "T-5"),
    ]


def test_a_file_where_no_row_fits_is_an_error():
    error = refused(ENGLISH + "T-1;R-1;a;sms;b\nT-2;R-2;a;sms;b\n")
    assert (error.message, error.row) == ("no row fits the header: 1 values, the header has 5", 1)


@pytest.mark.parametrize(
    ("body", "row"),
    [
        ('T-1,R-1,a,sms,"b\nT-2,R-2,a,sms,b\n', 1),
        ('T-1,R-1,a,sms,b\n"T-2,R-2,a,sms,b\nT-3,R-3,a,sms,b\n', 2),  # what it swallows makes its own row ragged
        ('T-1,R-1,a,sms,b\nT-2,R-2,a,sms,"b', 2),
    ],
)
def test_a_quote_that_is_never_closed_is_an_error(body, row):
    error = refused(ENGLISH + body)
    assert (error.message, error.row) == ("a quoted value is never closed; is the file cut off?", row)


@pytest.mark.parametrize(
    "body",
    [
        '1,a,b,c,d\n2,"x,b,c,d\n3,a,b,c,d\n4,"y,b,c,d\n5,a,b,c,d\n',
        '1,a,b,c,d\n2,"x,b,c,d\r\n4,"y,z",b,c,d\n5,a,b,c,d\n',
        '1,a,b,c,d\n2,x"y,"z,b,c,d\n4,a,b,c,d\n5,a,b,c,d\n',
        f'1,"{"a" * 200_000}\na",b,c,d\n2,"x,b,c,d\n4,"y,b,c,d\n',
    ],
)
def test_two_stray_quotes_do_not_make_one_row_of_many(body):
    error = refused(ENGLISH + body)
    assert (error.message, error.row) == (
        "a quoted value goes over several lines and on after its last quote; is a quote not doubled?",
        2,
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_quoted_lines_and_quotes_within_one_line_are_no_stray_ones(end):
    body = ['1,"a\n""x"", y",b,c,d', '2,"a"z,b,c,d', '3,x"y"z,b,c,d', "", '4,"long\r\nline",b,c,d', '5,"e" ,b,c,d']
    found = rows(read(ENGLISH.strip() + end + end.join(body) + end))
    assert [row["registration_id"] for row in found] == ['a\n"x", y', "az", 'x"y"z', "long\r\nline", "e "]
    assert [row["_position"] for row in found] == [1, 2, 3, 5, 6]


def test_a_quote_left_open_in_the_header_is_an_error():
    error = refused(ENGLISH.replace("reminder_id", '"reminder_id') + "T-1,R-1,a,sms,b\n" * 10_000)
    assert error.message == "the header can't be read; is a quote in it left open?"


def test_a_header_over_several_lines_is_told_in_one():
    (unknown,) = read(f'"备\n 注",{ENGLISH}x,{CHINESE.splitlines()[1]}\n').unknown_columns
    assert unknown.name == "备 注"


def test_long_numbers_empty_values_and_unknown_columns():
    text = 'reminder_id,状况,count,备 注,,Reminder_ID,13800138000\n110101199003077715,,1,"",,x,1\n007,有,2,,,y,\n'
    found = read(text)
    first, second = rows(found)
    assert (first["reminder_id"], first["状况"], second["reminder_id"]) == ("110101199003077715", None, "007")
    assert [(c.name, c.type, c.filled_share) for c in found.unknown_columns] == [
        ("状况", "text", 0.5),
        ("count", "integer", 1.0),
        ("备 注", "text", 0.0),
        ("Reminder_ID (column 5)", "text", 1.0),
        ("(column 6)", "integer", 0.5),
    ]
    assert "13800138000" not in found.delivered_header


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", ""])
def test_header_alone_is_a_file_without_rows(end):
    found = read(ENGLISH.rstrip() + end)
    assert rows(found) == []
    assert len(found.header) == 5


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_other_systems_line_ends_and_leading_blank_lines(end):
    assert [row["updated_at"] for row in rows(read(end + CHINESE.replace("\n", end)))] == ["2020-04-08 09:00:00"]


def test_a_column_that_a_map_lists_as_non_personal_is_let_in(tmp_path):
    (tmp_path / "default.csv").write_text("header,field,non_personal\n班级,class_name,true\n", encoding="utf-8")
    found = read_delimited(
        (ENGLISH.strip() + ",班级\na,b,c,sms,d,三班\n").encode(),
        ",",
        "utf-8",
        FEEDS["reminders"],
        load_column_map(None, "reminders", tmp_path),
    )
    assert (found.non_personal, found.unknown_columns) == (("class_name",), ())
    assert rows(found)[0]["class_name"] == "三班"
