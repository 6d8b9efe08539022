"""Workbooks made for tests, and what the readers make of them."""

from __future__ import annotations

import io
from collections.abc import Callable

import openpyxl
import xlsxwriter

from orchestration.sources.column_map import load_column_map
from orchestration.sources.feeds import FEEDS
from orchestration.sources.readers.rows import Rows
from orchestration.sources.readers.workbook import DISPATCH_SHEET, read_dispatch_workbook, read_sheet_table

HEADERS = ("indicator_code", "indicator_name_zh", "unit", "this_period", "cumulative")
DISPATCH = {
    "A1": "行政区划代码", "B1": "420000", "B2": "2020-03-23", "B3": "2020-04-08T17:30:00+08:00", "B4": 2,
    **dict(zip(("A6", "B6", "C6", "D6", "E6"), HEADERS, strict=True)),
    "A7": "registrations", "D7": 5, "E7": 7.25,
}  # fmt: skip


def workbook(cells: dict[str, object], sheet: str = DISPATCH_SHEET, dress: Callable | None = None) -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"default_date_format": "yyyy-mm-dd hh:mm:ss"}) as book:
        page = book.add_worksheet(sheet)
        for address, value in cells.items():
            page.write(address, value)
        if dress:
            dress(book, page)
    return stream.getvalue()


def dispatch(data: bytes) -> Rows:
    return read_dispatch_workbook(data, FEEDS["dispatch_reports"], load_column_map(None, "dispatch_reports"))


def penalties(data: bytes) -> Rows:
    return read_sheet_table(data, FEEDS["penalties"], load_column_map(None, "penalties"))


def uncalculated(sheet: str, first_row: int, rows_of_sheet: list[tuple]) -> bytes:
    """A workbook by a program that calculates nothing: formulas stand in it without their results."""
    book = openpyxl.Workbook()
    page = book.active
    page.title = sheet
    for number, values in enumerate(rows_of_sheet, first_row):
        for column, value in enumerate(values, 2):
            page.cell(number, column, value)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
