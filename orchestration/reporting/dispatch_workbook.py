"""The biweekly table as a workbook, in the very layout that bureaus file it in (sources/readers/workbook.py reads it).

    DispatchTable, ... → one .xlsx: sheet 双周调度表 (the province asked for, or the nation), then one per province

Run alone: `warehouse dispatch --period 2020-03-23 --province 420000 --out table.xlsx`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from orchestration.reporting.dispatch_workbook_tables import DispatchTable
from orchestration.sources.readers.workbook import COLUMNS, DISPATCH_SHEET, HEADER_ROW, REPORT_CELLS

LABELS = ("行政区划代码", "报告期开始日期", "报送时间", "版本")
MONEY_UNIT = "元"
# The longest code and name in full
WIDTHS = {"A": 30, "B": 38, "C": 16, "D": 18, "E": 18}
A4 = 9
TITLE_ROW = HEADER_ROW - 1
NOTES = (
    "本期数：报告期内；累计数：自行动首日起，人员与项目去重。平台、课程、职业为时点数，本期数为其增减。",
    "只由各地填报、库内无明细的指标（宣传活动等）不在本表。",
)
SIGNATURES = "填报单位（盖章）：          填报人：          审核人：          填报日期："
_ENDED_NOTE = "行动已于 {as_at} 结束：平台、课程、职业和注册的数字截至该日。"
_RUNNING_NOTE = "报告期尚未结束：数据截至 {known_to}。"


@dataclass(frozen=True)
class WorkbookReport:
    """What was written: the file, its sheets and the indicators in each."""

    path: Path
    sheets: tuple[str, ...]
    indicators_count: int


@dataclass(frozen=True)
class _Styles:
    title: Format
    label: Format
    value: Format
    head: Format
    text: Format
    count: Format
    money: Format
    note: Format


def write_dispatch_workbook(tables: Sequence[DispatchTable], path: Path) -> WorkbookReport:
    """Write `tables`, the first of them as sheet 双周调度表. The file is there whole or not at all. Raises OSError."""
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", suffix=".part", delete=False) as unfinished:
        beside = Path(unfinished.name)
    try:
        sheets = _write(tables, beside)
        # A temporary file is its owner's alone; a workbook is meant to be passed on.
        beside.chmod(0o666 & ~_umask())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return WorkbookReport(path, sheets, len(tables[0].rows))


def _write(tables: Sequence[DispatchTable], path: Path) -> tuple[str, ...]:
    names = (DISPATCH_SHEET, *(table.province_name_zh for table in tables[1:]))
    with xlsxwriter.Workbook(path, {"in_memory": True}) as book:
        created = tables[0].known_at.replace(tzinfo=None)
        book.set_properties({"title": f"{DISPATCH_SHEET} {tables[0].period_start}", "created": created})
        styles = _styles(book)
        for name, table in zip(names, tables, strict=True):
            _write_sheet(book.add_worksheet(name), table, styles)
    return names


def _styles(book: xlsxwriter.Workbook) -> _Styles:
    bordered = {"border": 1, "valign": "vcenter"}
    return _Styles(
        title=book.add_format({"bold": True, "font_size": 16, "align": "center", "valign": "vcenter"}),
        label=book.add_format({**bordered, "bold": True, "bg_color": "#F2F2F2"}),
        value=book.add_format({**bordered, "align": "left"}),
        head=book.add_format({**bordered, "bold": True, "bg_color": "#DDEBF7", "align": "center"}),
        text=book.add_format(bordered),
        count=book.add_format({**bordered, "num_format": "#,##0"}),
        money=book.add_format({**bordered, "num_format": "#,##0.00"}),
        note=book.add_format({"italic": True, "font_color": "#595959"}),
    )


def _write_sheet(sheet: Worksheet, table: DispatchTable, styles: _Styles) -> None:
    values = {
        "region_code": table.province_code,
        "period_start": table.period_start.isoformat(),
        "filed_at": table.known_at.isoformat(timespec="seconds"),
        "version": table.version,
    }
    # Beside the report's own cells what a reader wants to know, where no reader of the layout looks
    remarks = (table.province_name_zh, f"至 {table.period_end}", f"截至 {table.known_to}")
    for row, ((address, field), label) in enumerate(zip(REPORT_CELLS.items(), LABELS, strict=True)):
        sheet.write_string(row, 0, label, styles.label)
        # Codes and days as text: as numbers they would lose their zeros and their meaning
        write = sheet.write_number if field == "version" else sheet.write_string
        write(address, values[field], styles.value)
    for row, remark in enumerate(remarks):
        sheet.write_string(row, 2, remark, styles.note)
    # The row between the report's own cells and the header is nobody's in the layout
    title = f"{table.province_name_zh} {DISPATCH_SHEET}（{table.period_start} 至 {table.period_end}）"
    sheet.merge_range(TITLE_ROW - 1, 0, TITLE_ROW - 1, len(COLUMNS) - 1, title, styles.title)
    sheet.set_row(TITLE_ROW - 1, 30)
    sheet.write_row(HEADER_ROW - 1, 0, COLUMNS, styles.head)
    for row, indicator in enumerate(table.rows, start=HEADER_ROW):
        number = styles.money if indicator.unit == MONEY_UNIT else styles.count
        sheet.write_string(row, 0, indicator.indicator_code, styles.text)
        sheet.write_string(row, 1, indicator.name_zh, styles.text)
        sheet.write_string(row, 2, indicator.unit, styles.text)
        sheet.write_number(row, 3, indicator.this_period, number)
        sheet.write_number(row, 4, indicator.cumulative, number)
    # After an empty row, where readers of the layout have stopped
    first_note = HEADER_ROW + len(table.rows) + 1
    notes = [*NOTES]
    if table.as_at < table.known_to:
        notes.append(_ENDED_NOTE.format(as_at=table.as_at))
    if not table.is_complete:
        notes.append(_RUNNING_NOTE.format(known_to=table.known_to))
    for row, note in enumerate(notes, start=first_note):
        sheet.write_string(row, 0, note, styles.note)
    signatures = first_note + len(notes) + 1
    sheet.write_string(signatures, 0, SIGNATURES, styles.note)
    _lay_out(sheet, table, signatures)


def _lay_out(sheet: Worksheet, table: DispatchTable, last_row: int) -> None:
    for column, width in WIDTHS.items():
        sheet.set_column(f"{column}:{column}", width)
    sheet.freeze_panes(HEADER_ROW, 0)
    sheet.set_paper(A4)
    # The table with its notes and signatures on one page: it is printed, stamped and filed.
    sheet.set_portrait()
    sheet.fit_to_pages(1, 1)
    sheet.repeat_rows(HEADER_ROW - 1)
    sheet.print_area(0, 0, last_row, len(COLUMNS) - 1)
    sheet.set_header(f"&C{table.province_name_zh} {DISPATCH_SHEET} {table.period_start} 至 {table.period_end}")
    sheet.set_footer("&C第 &P 页，共 &N 页")


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
