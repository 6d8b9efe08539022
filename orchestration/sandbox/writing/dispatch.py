"""The biweekly reports as files: workbooks in the layout of 双周调度表, two bureaus by csv."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import xlsxwriter

from orchestration.sandbox.arrivals import INBOX
from orchestration.sandbox.deliveries import Deliveries
from orchestration.sandbox.dispatch import AS_CSV, Report, shown
from orchestration.sandbox.drawing import Draw
from orchestration.sandbox.timeline import wall_datetime
from orchestration.sandbox.truth.indicators import MONEY
from orchestration.sandbox.writing.bureaus import ENCODING
from orchestration.sandbox.writing.delimited import CREATED, WORKBOOK_OPTIONS
from orchestration.sources.feeds import GROUP_CODES, INDICATORS

SHEET = "双周调度表"
FEED = "dispatch_reports"
HEADER = ("indicator_code", "indicator_name_zh", "unit", "this_period", "cumulative")
CSV_HEADER = ("region_code", "period_start", "filed_at", "version", "indicator_code", "this_period", "cumulative")
LABELS = ("行政区划代码", "报告期开始日期", "报送时间", "版本")
FIRST_ROW = 6  # zero-based: row 7
NAMES = {
    "platforms_selected": "遴选线上平台", "courses_open": "开放课程", "occupations_covered": "覆盖职业（工种）",
    "registrations": "实名注册培训人次", "learners": "参训人数", "completed": "完成培训人次",
    "certificates": "发放合格证",
    "training_subsidy_persons": "培训补贴人数", "training_subsidy_amount_cny": "培训补贴金额",
    "living_allowance_persons": "生活费补贴人数", "living_allowance_amount_cny": "生活费补贴金额",
    "prepaid_projects": "预拨项目数", "prepaid_amount_cny": "预拨金额", "penalties": "查处问题",
    "publicity_events": "宣传活动", "telecom_beneficiaries": "流量优惠受益人数", "new_occupations": "新职业",
    "standards_started": "启动标准开发", "evaluation_institutions": "评价机构",
}  # fmt: skip


def name_of(indicator: str) -> str:
    for prefix, name in (("registrations_", "参训人次"), ("learners_", "参训人数")):
        if indicator.startswith(prefix) and indicator.removeprefix(prefix) in GROUP_CODES:
            return f"{name}（{indicator.removeprefix(prefix)}）"
    return NAMES.get(indicator, indicator)


def unit_of(indicator: str) -> str:
    if indicator in MONEY:
        return "元"
    if indicator.startswith(("registrations", "completed", "certificates")):
        return "人次"
    return "人" if indicator.endswith("persons") or indicator.startswith(("learners", "telecom")) else "个"


def write_reports(directory: Path, world: Draw, reports: list[Report], counted: Deliveries) -> None:
    for report in reports:
        period = world.line.periods[report.period]
        said = report.values
        rows: list[tuple[str, object, object]] = [
            (name, shown(name, said[name][0]), shown(name, said[name][1])) for name in INDICATORS if name in said
        ]
        if report.refused is not None:
            rows.append((report.refused.indicator, report.refused.this_period, report.refused.cumulative))
            counted.refused_rows[report.bureau, FEED, report.period] += 1
            counted.refused[report.bureau, FEED, report.period, report.refused.reason] += 1
        counted.rows[report.bureau, FEED, report.period] += len(rows)
        folder = directory / INBOX / report.bureau / FEED / f"period={period.key}"
        folder.mkdir(parents=True, exist_ok=True)
        stem = f"双周调度表_第{period.number}期_v{report.version}"
        path = folder / f"{stem}.{'csv' if report.bureau in AS_CSV else 'xlsx'}"
        if report.bureau in AS_CSV:
            path.write_bytes(_as_csv(report, period.key, rows))
        else:
            _write_workbook(path, world, report, period.key, rows)
        counted.add_file(directory / INBOX, path, report.bureau, FEED, report.filed_at)


def _as_csv(report: Report, period_start: str, rows: list[tuple[str, object, object]]) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(CSV_HEADER)
    filed_at = wall_datetime(report.filed_at).isoformat()
    for name, this_period, cumulative in rows:
        writer.writerow([report.bureau, period_start, filed_at, report.version, name, this_period, cumulative])
    return stream.getvalue().encode(ENCODING)


def _write_workbook(
    path: Path, world: Draw, report: Report, period_start: str, rows: list[tuple[str, object, object]]
) -> None:
    place = [bureau.id for bureau in world.bureaus].index(report.bureau)
    with xlsxwriter.Workbook(path, WORKBOOK_OPTIONS) as book:
        book.set_properties({"created": CREATED, "title": SHEET, "comments": "样例 sample"})
        label = book.add_format({"bold": True, "bg_color": "#F2F2F2"})
        head = book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1})
        number = book.add_format({"num_format": "#,##0", "border": 1})
        money = book.add_format({"num_format": "#,##0.00", "border": 1})
        if place % 4 == 2:  # a cover sheet in front: the table is found by its name
            cover = book.add_worksheet("封面")
            cover.write(0, 0, world.bureaus[place].name)
        sheet = book.add_worksheet(SHEET)
        values = (report.bureau, period_start, wall_datetime(report.filed_at).isoformat(), report.version)
        for row, (name, value) in enumerate(zip(LABELS, values, strict=True)):
            sheet.write_string(row, 0, name, label)
            if isinstance(value, str):
                sheet.write_string(row, 1, value)
            else:
                sheet.write_number(row, 1, value)
        sheet.write_row(FIRST_ROW - 1, 0, HEADER, head)
        for row, (indicator, this_period, cumulative) in enumerate(rows, start=FIRST_ROW):
            style = money if indicator in MONEY else number
            sheet.write_string(row, 0, indicator)
            sheet.write_string(row, 1, name_of(indicator))
            sheet.write_string(row, 2, unit_of(indicator))
            sheet.write(row, 3, this_period, style)
            sheet.write(row, 4, cumulative, style)
        sheet.set_column(0, 1, 28)
        sheet.freeze_panes(FIRST_ROW, 0)
        if place % 3 == 1:  # notes under the table, past an empty cell, and a sheet beside it
            sheet.write_string(FIRST_ROW + len(rows) + 1, 0, "填表说明：累计数自 3 月 23 日起。")
            extra = book.add_worksheet("备注")
            extra.write_column(0, 0, LABELS)
