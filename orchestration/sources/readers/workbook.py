"""Workbooks (.xlsx): the biweekly dispatch table with its fixed cells, and plain tables for the other feeds.

The dispatch layout is assumed (no published form): sheet 双周调度表, B1..B4 the report's own values, row 6 the headers,
data from row 7 to the first empty cell in column A. A formatted copy may add sheets, never move cells.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from functools import cache
from typing import Any

import fastexcel
import pyarrow as pa
import pyarrow.compute as pc
import python_calamine

from orchestration.sources.column_map import ColumnMap
from orchestration.sources.feeds import Feed, Kind
from orchestration.sources.readers.rows import FormatError, Rows, rows_of_table
from orchestration.sources.readers.spoiled_cells import ERROR, as_shown, errors_by_column, may_be_an_id, with_errors
from orchestration.sources.readers.uncalculated import uncalculated_cells

DISPATCH_SHEET = "双周调度表"
DISPATCH_FEED = "dispatch_reports"
# Cell -> field of the report as a whole.
REPORT_CELLS = {"B1": "region_code", "B2": "period_start", "B3": "filed_at", "B4": "version"}
HEADER_ROW = 6
COLUMNS = ("indicator_code", "indicator_name_zh", "unit", "this_period", "cumulative")
# Part of the layout for the human reader; the indicator's name and unit come from the warehouse's own list.
DECORATIVE = frozenset({"indicator_name_zh", "unit"})
_MIDNIGHT = " 00:00:00"
# A time of day without a day is read as one of the day before Excel's first.
_WITHOUT_DAY = "^1899-12-3[01] "


def read_dispatch_workbook(data: bytes, feed: Feed, column_map: ColumnMap) -> Rows:
    """One row per indicator; `_position` is the sheet's row. Raises FormatError naming the cell that is missing."""
    cells = _dispatch_cells(data)
    report = {field: _report_value(cells, address, field) for address, field in REPORT_CELLS.items()}
    _check_headers(cells, column_map)
    body = []
    for row in cells[HEADER_ROW:]:
        if _text(row[0]) is None:
            break
        body.append([_text(value) for value in row])
    if not body:
        raise FormatError(f"sheet {DISPATCH_SHEET}: no indicator in cell A{HEADER_ROW + 1}", field=COLUMNS[0])
    names: list[str | None] = [*report]
    columns = [pa.chunked_array([pa.repeat(pa.scalar(value), len(body))]) for value in report.values()]
    beyond = [_text(value) for value in cells[HEADER_ROW - 1][len(COLUMNS) :]]
    for index, name in enumerate((*COLUMNS, *beyond)):
        if name not in DECORATIVE:
            names.append(name)
            columns.append(pa.chunked_array([pa.array([row[index] for row in body], pa.string())]))
    first = HEADER_ROW + 1
    positions = pa.chunked_array([pa.array(range(first, first + len(body)), pa.int64())])
    return rows_of_table(names, columns, feed, column_map, positions=positions)


def read_sheet_table(data: bytes, feed: Feed, column_map: ColumnMap) -> Rows:
    """The first sheet's table, header in row 1; every cell as text, dates ISO, whole numbers without a fraction.

    Raises FormatError, also where another sheet holds a table of the feed: its rows would be lost without a word.
    """
    try:
        book = fastexcel.read_excel(data)
        sheet = book.load_sheet(0, header_row=None, dtypes="string")
    except fastexcel.FastExcelError as error:
        raise _unreadable(error) from None
    batch, errors = sheet.to_arrow_with_errors()
    if batch.num_rows == 0:
        raise FormatError("the first sheet is empty; row 1 must hold the header")
    delivered = [column[0].as_py() for column in batch.columns]
    fields = {field.name: field for field in feed.fields}
    _check_other_sheets(book, feed, column_map)
    broken = errors_by_column(errors)
    for row, column in _uncalculated_cells_of_first_sheet(data):
        broken[column].append(row)
    # As a boolean a number is one and a text is none: fastexcel has no other way to ask what kind of cell it was.
    are_numbers = cache(lambda: book.load_sheet(0, header_row=None, dtypes="boolean").to_arrow())
    columns = []
    for index, (name, column) in enumerate(zip(delivered, batch.columns, strict=True)):
        values = column.slice(1).cast(pa.string())
        field = fields.get(column_map.field(name or "") or name or "")
        values = with_errors(values, broken.get(index, ()), field)
        if field and may_be_an_id(field):
            values = as_shown(values, index, are_numbers)
        if field and field.kind in (Kind.DATE, Kind.TIMESTAMP):
            is_time = pc.match_substring_regex(values, _WITHOUT_DAY)
            values = pc.if_else(is_time, pc.utf8_slice_codeunits(values, len("1899-12-31 ")), values)
        if field and field.kind is Kind.DATE:
            # Excel has no plain date: a day is its midnight.
            values = pc.if_else(pc.ends_with(values, _MIDNIGHT), pc.utf8_slice_codeunits(values, 0, 10), values)
        columns.append(pa.chunked_array([pc.if_else(pc.equal(values, ""), None, values)]))
    return rows_of_table(delivered, columns, feed, column_map)


def _check_other_sheets(book: fastexcel.ExcelReader, feed: Feed, column_map: ColumnMap) -> None:
    for number, name in enumerate(book.sheet_names[1:], 2):
        try:
            batch = book.load_sheet(name, header_row=None, n_rows=2, dtypes="string").to_arrow()
        except fastexcel.FastExcelError:
            # A sheet of charts.
            continue
        delivered = {(column[0].as_py() or "").strip() for column in batch.columns} if batch.num_rows > 1 else set()
        if {column_map.field(header) or header for header in delivered}.issuperset(feed.required_names):
            raise FormatError(
                f"sheet {number} holds rows of {feed.name} too, and only the first sheet is read: one table a file"
            )


def _uncalculated_cells_of_first_sheet(data: bytes) -> Iterator[tuple[int, int]]:
    """Row and column, counted as fastexcel counts: from the first row and column that hold anything."""
    if found := uncalculated_cells(data, 0):
        first = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).start or (0, 0)
        yield from ((row - first[0], column - first[1]) for row, column in found)


def _dispatch_cells(data: bytes) -> list[list[Any]]:
    """All cells from A1 on, each row at least as wide as the layout."""
    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        if DISPATCH_SHEET not in workbook.sheet_names:
            found = ", ".join(workbook.sheet_names)
            raise FormatError(f"no sheet {DISPATCH_SHEET}; the workbook has: {found}")
        rows = workbook.get_sheet_by_name(DISPATCH_SHEET).to_python(skip_empty_area=False)
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise _unreadable(error) from None
    cells = [list(row) + [""] * max(0, len(COLUMNS) - len(row)) for row in rows]
    try:
        for row, column in (*_error_cells(data), *uncalculated_cells(data, DISPATCH_SHEET)):
            # Below and beside the last cell that holds anything there is no report.
            if row < len(cells) and column < len(cells[row]):
                cells[row][column] = ERROR
    except fastexcel.FastExcelError as error:
        raise _unreadable(error) from None
    return cells


def _error_cells(data: bytes) -> Iterator[tuple[int, int]]:
    """Row and column of the dispatch table's errors, which python-calamine reads as empty.

    Both count from the first row and column that hold anything: those of A1, where the report's values and the header
    are in their places.
    """
    sheet = fastexcel.read_excel(data).load_sheet(DISPATCH_SHEET, header_row=None, dtypes="string")
    for column, rows in errors_by_column(sheet.to_arrow_with_errors()[1]).items():
        yield from ((row, column) for row in rows)


def _report_value(cells: Sequence[Sequence[Any]], address: str, field: str) -> str:
    row = int(address[1:]) - 1
    value = _text(cells[row][1]) if row < len(cells) else None
    if value is None:
        raise FormatError(f"sheet {DISPATCH_SHEET}: cell {address} ({field}) is empty", field=field)
    return value


def _check_headers(cells: Sequence[Sequence[Any]], column_map: ColumnMap) -> None:
    row = cells[HEADER_ROW - 1] if len(cells) >= HEADER_ROW else [""] * len(COLUMNS)
    found = [_text(value) for value in row[: len(COLUMNS)]]
    for index, expected in enumerate(COLUMNS):
        name = found[index]
        if name is None or (name != expected and column_map.field(name) != expected):
            address = f"{'ABCDE'[index]}{HEADER_ROW}"
            shown = "is empty" if name is None else f"is {name[:40]!r}"
            raise FormatError(
                f"sheet {DISPATCH_SHEET}: cell {address} {shown}, the header {expected} belongs there; "
                f"row {HEADER_ROW} has: {', '.join(part or '(empty)' for part in found)}; "
                f"expected: {', '.join(COLUMNS)}",
                field=expected,
            )


def _text(value: Any) -> str | None:
    """A cell as text; None when there is nothing in it. calamine gives every number as float."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(sep=" ") if value.time() != time.min else value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value).strip() or None


def _unreadable(error: Exception) -> FormatError:
    return FormatError(f"not a workbook that can be read: damaged, encrypted or an old .xls ({type(error).__name__})")
