"""Workbooks: the dispatch table's cells by their address, and sheets as tables."""

from __future__ import annotations

import io
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet
import pytest
from reading import rows
from workbooks import DISPATCH, HEADERS, dispatch, penalties, workbook

from orchestration.sources.column_map import load_column_map
from orchestration.sources.feeds import FEEDS
from orchestration.sources.readers.columnar import read_parquet
from orchestration.sources.readers.rows import FormatError, Rows
from orchestration.sources.readers.spoiled_cells import ERROR
from orchestration.sources.readers.workbook import DISPATCH_SHEET, read_dispatch_workbook, read_sheet_table


def refused(cells: dict[str, object], sheet: str = DISPATCH_SHEET) -> FormatError:
    with pytest.raises(FormatError) as caught:
        dispatch(workbook(cells, sheet))
    return caught.value


def test_real_excel_dates_are_as_good_as_text():
    cells = DISPATCH | {"B2": datetime(2020, 3, 23), "B3": datetime(2020, 4, 8, 17, 30)}  # noqa: DTZ001
    (row,) = rows(dispatch(workbook(cells)))
    assert (row["period_start"], row["filed_at"], row["version"]) == ("2020-03-23", "2020-04-08 17:30:00", "2")
    assert (row["_position"], row["this_period"], row["cumulative"]) == (7, "5", "7.25")


def test_more_sheets_merged_titles_and_chinese_headers_are_read(tmp_path):
    def dress(book, page):
        book.add_worksheet("说明").write("A1", "填表说明")
        page.merge_range("C1:E4", "百日行动", book.add_format({"bold": True}))
        page.write("G6", "备注")

    cells = DISPATCH | {"A6": "指标代码", "B6": "指标名称", "C6": "计量单位", "D6": "本期数", "E6": "累计数"}
    assert len(rows(dispatch(workbook(cells, dress=dress)))) == 1


@pytest.mark.parametrize(
    ("address", "field"),
    [("B1", "region_code"), ("B2", "period_start"), ("B3", "filed_at"), ("B4", "version")],
)
def test_an_empty_cell_is_named_by_its_address(address, field):
    error = refused({key: value for key, value in DISPATCH.items() if key != address})
    assert (error.message, error.field) == (f"sheet {DISPATCH_SHEET}: cell {address} ({field}) is empty", field)


@pytest.mark.parametrize(
    ("address", "value", "said"),
    [("D6", None, "cell D6 is empty"), ("E6", "合计", "cell E6 is '合计'"), ("A6", None, "cell A6 is empty")],
)
def test_a_missing_header_names_its_cell_and_both_header_sets(address, value, said):
    cells = {key: each for key, each in DISPATCH.items() if key != address} | ({address: value} if value else {})
    error = refused(cells)
    assert said in error.message
    assert error.field == HEADERS["ABCDE".index(address[0])]
    assert "expected: indicator_code, indicator_name_zh, unit, this_period, cumulative" in error.message


def test_moved_cells_another_sheet_and_no_indicators_are_refused():
    moved = {f"{address[0]}{int(address[1:]) + 1}": value for address, value in DISPATCH.items()}
    assert "cell B1 (region_code) is empty" in refused(moved).message
    assert refused(DISPATCH, "Sheet1").message == f"no sheet {DISPATCH_SHEET}; the workbook has: Sheet1"
    no_body = {key: value for key, value in DISPATCH.items() if not key.endswith("7")}
    assert "no indicator in cell A7" in refused(no_body).message


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0 encrypted or old"])
@pytest.mark.parametrize("reader", [read_dispatch_workbook, read_sheet_table])
def test_what_is_no_workbook_says_so(data, reader):
    with pytest.raises(FormatError, match="not a workbook that can be read"):
        reader(data, FEEDS["dispatch_reports"], load_column_map(None, "dispatch_reports"))


def test_an_empty_first_sheet_is_an_error():
    with pytest.raises(FormatError, match="the first sheet is empty"):
        penalties(workbook({}))


def test_a_sheet_whose_header_is_not_in_row_1_is_refused():
    with pytest.raises(FormatError, match="none of the 2 column names is known"):
        penalties(workbook({"A1": "处罚名单", "A2": "penalty_id", "B2": "reason", "A3": "1", "B3": "x"}))


@pytest.mark.parametrize("first_row", [1, 4])
def test_a_long_id_kept_as_a_number_is_no_id_any_more(first_row):
    number = "420106199001009984"  # what a cell makes of 420106199001010028, and a text may be as well
    rows_of_sheet = [
        ("penalty_id", "subject_id", "reason", "updated_at"),
        (number, float(number), "x", "420106199001009984"),
        (1234567890123456, number, 20200401, None),
        (4.2e21, "42010619900101002X", "4200000000000000000000", None),
    ]
    cells = {
        f"{'BCDE'[column]}{first_row + row}": value
        for row, values in enumerate(rows_of_sheet)
        for column, value in enumerate(values)
    }

    def as_written(book, page):
        for address, value in cells.items():
            page.write_string(address, value) if isinstance(value, str) else page.write(address, value)

    found = rows(penalties(workbook({}, dress=as_written)))
    assert [(row["penalty_id"], row["subject_id"], row["reason"]) for row in found] == [
        (number, "4.2010619900101E+17", "x"),
        ("1234567890123456", number, "20200401"),
        ("4.2E+21", "42010619900101002X", "4200000000000000000000"),
    ]


def test_a_column_beyond_the_dispatch_tables_own_is_reported_and_one_of_them_may_not_come_twice():
    found = dispatch(workbook(DISPATCH | {"F6": "备注", "F7": "x", "G6": "备注"}))
    first, second = found.unknown_columns
    assert (first.name, first.filled_share, second.filled_share) == ("备注", 1.0, 0.0)
    assert rows(found)[0]["cumulative"] == "7.25"
    assert refused(DISPATCH | {"G6": "cumulative"}).message == "header: 'cumulative' appears twice"


def test_an_error_cell_is_not_nothing():
    def break_cells(book, page):
        for address in ("B2", "D3", "E2"):
            page.write_formula(address, "=1/0", None, "#DIV/0!")

    header = {"A1": "penalty_id", "B1": "subject_id", "C1": "reason", "D1": "decided_on", "E1": "备注"}
    found = penalties(workbook(header | {"A2": "1", "C2": "x", "A3": "2", "B3": "y"}, dress=break_cells))
    assert [(row["subject_id"], row["decided_on"], row["备注"]) for row in rows(found)] == [
        (ERROR, None, None),
        ("y", ERROR, None),
    ]


def test_an_error_cell_of_the_dispatch_table_is_not_nothing():
    def break_cells(book, page):
        for address in ("B4", "D7"):
            page.write_formula(address, "=NA()", None, "#N/A")

    (row,) = rows(dispatch(workbook(DISPATCH, dress=break_cells)))
    assert (row["version"], row["this_period"], row["cumulative"]) == (ERROR, ERROR, "7.25")


def parquet(table: pa.Table) -> Rows:
    stream = io.BytesIO()
    pyarrow.parquet.write_table(table, stream)
    return read_parquet(stream.getvalue(), FEEDS["registrations"], load_column_map(None, "registrations"))


def test_parquet_comes_back_as_text():
    table = pa.table(
        {
            "registration_id": pa.array([1, 2], pa.int64()),
            "课程编号": pa.array(["a", None]).dictionary_encode(),
            "declared_groups": pa.array([["KG01", "KG02"], None]),
            "registered_at": pa.array([datetime(2020, 4, 1, 8)] * 2, pa.timestamp("ms")),  # noqa: DTZ001
            "updated_at": pa.array([1585699200000] * 2, pa.timestamp("ms", "UTC")),
            "status": pa.array([True, False]),
            "phone": pa.array([13800138000.0, None]),
        }
    )
    first, second = rows(parquet(table))
    assert first["registration_id"] == "1"
    assert (first["course_id"], second["course_id"]) == ("a", None)
    assert (first["declared_groups"], second["declared_groups"]) == ('["KG01","KG02"]', None)
    assert first["registered_at"].startswith("2020-04-01 08:00:00")
    assert first["updated_at"].startswith("2020-04-01 08:00:00")
    assert first["updated_at"].endswith("+08:00")
    assert (first["status"], first["phone"]) == ("true", "13800138000")


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (pa.array([1585699200123456789], pa.timestamp("ns", "UTC")), "2020-04-01 08:00:00.123456+08:00"),
        (pa.array([1585699200123456789], pa.timestamp("ns")), "2020-04-01 00:00:00.123456789"),
        (pa.array([1.5]).cast(pa.float16()), "1.5"),
        (pa.array([2.0]).cast(pa.float16()), "2"),
        (pa.array([4.2e17]), "4.2e+17"),
    ],
)
def test_rare_types_of_a_parquet_column(values, text):
    assert rows(parquet(pa.table({"registration_id": values})))[0]["registration_id"] == text


@pytest.mark.parametrize(
    "values",
    [pa.array([b"\xff"], pa.binary()), pa.array([2**62], pa.timestamp("ms", "UTC"))],
    ids=["bytes", "far time"],
)
def test_a_parquet_column_that_has_no_text_is_an_error(values):
    with pytest.raises(FormatError, match="a column of type .* can't be read as text") as caught:
        parquet(pa.table({"报名编号": values}))
    assert caught.value.field == "registration_id"


def test_a_parquet_column_that_has_no_text_and_no_field_stops_nothing():
    photos = pa.array([b"\xff\xd8", None], pa.binary())
    found = parquet(pa.table({"registration_id": ["a", "b"], "photo": photos, "rate": [0.5, 2.0]}))
    assert [(each.name, each.type, each.filled_share) for each in found.unknown_columns] == [
        ("photo", "text", 0.5),
        ("rate", "number", 1.0),
    ]
    assert [row["registration_id"] for row in rows(found)] == ["a", "b"]


def test_two_columns_of_one_name_in_a_parquet_file_are_named():
    table = pa.table([pa.array(["a"]), pa.array(["b"])], names=["registration_id", "registration_id"])
    with pytest.raises(FormatError, match="'registration_id' appears twice"):
        parquet(table)
