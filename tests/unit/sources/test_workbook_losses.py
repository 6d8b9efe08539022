"""What a workbook holds and a reader would lose without a word: formulas without results, days, other sheets."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest
from reading import rows
from workbooks import HEADERS, dispatch, penalties, uncalculated, workbook

from orchestration.sources.readers.rows import FormatError
from orchestration.sources.readers.spoiled_cells import ERROR
from orchestration.sources.readers.workbook import DISPATCH_SHEET


@pytest.mark.parametrize("first_row", [1, 3])
def test_a_formula_without_a_result_is_not_nothing(first_row):
    header = ("penalty_id", "subject_id", "reason", "decided_on", "备注")
    sheet = [header, ("1", '="a"&"b"', "x", None, None), ("2", "y", "x", "=TODAY()", "=1+1")]
    found = rows(penalties(uncalculated("Sheet1", first_row, sheet)))
    assert [(row["subject_id"], row["decided_on"], row["备注"]) for row in found] == [
        (ERROR, None, None),
        ("y", ERROR, None),
    ]


def test_a_formula_without_a_result_in_the_dispatch_table_is_not_nothing():
    sheet = [("420000",), ("2020-03-23",), ("2020-04-08T17:30:00+08:00",), (2,), (), (*HEADERS[1:], "=1", "=2")]
    data = uncalculated(DISPATCH_SHEET, 1, [*sheet, ("实名注册", "人次", "=50*2", 7.25)])
    book = openpyxl.load_workbook(io.BytesIO(data))
    book[DISPATCH_SHEET]["A6"], book[DISPATCH_SHEET]["A7"] = HEADERS[0], "registrations"
    stream = io.BytesIO()
    book.save(stream)
    (row,) = rows(dispatch(stream.getvalue()))
    assert (row["this_period"], row["cumulative"]) == (ERROR, "7.25")


def test_a_formula_whose_result_is_an_empty_text_is_nothing():
    sheet = [("penalty_id", "subject_id", "reason", "id_type"), ("1", "y", "x", '=IF(1,"","x")')]
    data = uncalculated("Sheet1", 1, sheet)
    assert rows(penalties(data))[0]["id_type"] == ERROR
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as given, zipfile.ZipFile(stream, "w") as taken:
        for name in given.namelist():
            # As Excel marks a formula whose result is a text.
            taken.writestr(name, given.read(name).replace(b'<c r="E2">', b'<c r="E2" t="str">'))
    assert rows(penalties(stream.getvalue()))[0]["id_type"] is None


def test_a_time_without_a_day_is_no_moment():
    header = {"A1": "penalty_id", "B1": "reason", "C1": "updated_at"}

    def times(book, page):
        page.write("C2", 0.5, book.add_format({"num_format": "hh:mm"}))
        page.write("C3", "1899-12-31")

    first, second = rows(penalties(workbook(header | {"A2": "1", "A3": "2"}, dress=times)))
    assert (first["updated_at"], second["updated_at"]) == ("12:00:00", "1899-12-31")


def test_a_table_on_a_second_sheet_is_not_lost_without_a_word():
    header = ("penalty_id", "subject_kind", "处罚对象", "reason", "decided_on", "行政区划代码", "updated_at")

    def second(rows_of_sheet):
        def dress(book, page):
            other = book.add_worksheet("说明")
            other.write_row(0, 0, ["处罚名单", "penalty_id"])
            other = book.add_worksheet("二")
            for number, values in enumerate(rows_of_sheet):
                other.write_row(number, 0, values)
            book.add_chartsheet("图").set_chart(chart := book.add_chart({"type": "line"}))
            chart.add_series({"values": "=二!$A$1:$A$2"})

        return workbook({"A1": "penalty_id", "A2": "1"}, sheet="一", dress=dress)

    with pytest.raises(FormatError, match="^sheet 3 holds rows of penalties too, and only the first sheet is read"):
        penalties(second([[*header[:2], "subject_id", *header[3:]], ["2"]]))
    assert len(rows(penalties(second([[*header[:2], "subject_id", *header[3:]]])))) == 1
    assert len(rows(penalties(second([header, ["2"]])))) == 1
