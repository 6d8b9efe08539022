"""The workbook of `warehouse dispatch`, read back by the reader that takes bureaus' reports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import openpyxl
import pytest
import python_calamine
from pyarrow.csv import read_csv
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.reporting.dispatch_workbook import write_dispatch_workbook
from orchestration.reporting.dispatch_workbook_tables import DispatchRow, DispatchTable, read_dispatch_tables
from orchestration.settings import PROJECT_ROOT, SHANGHAI, Settings
from orchestration.sources.column_map import load_column_map
from orchestration.sources.feeds import FEEDS
from orchestration.sources.readers.workbook import DISPATCH_FEED, DISPATCH_SHEET, read_dispatch_workbook

FIELDS = ("region_code", "period_start", "filed_at", "version", "indicator_code", "this_period", "cumulative")
HUBEI = DispatchTable(
    province_code="420000",
    province_name_zh="湖北省",
    period_start=date(2020, 3, 23),
    period_end=date(2020, 4, 5),
    as_at=date(2020, 4, 5),
    known_to=date(2020, 4, 5),
    is_complete=True,
    known_at=datetime(2020, 4, 8, 10, 30, tzinfo=SHANGHAI),
    version=2,
    rows=(
        DispatchRow("platforms_selected", "平台数", "个", Decimal("-1.00"), Decimal("0.00")),
        DispatchRow("registrations", "人次", "人次", Decimal("1234567.00"), Decimal("7654321.00")),
        DispatchRow("training_subsidy_amount_cny", "金额", "元", Decimal("123456789.07"), Decimal("9876543210.10")),
    ),
)
NATION = replace(HUBEI, province_code="000000", province_name_zh="全国", version=1, is_complete=False)


def read_back(path: Path) -> list[tuple]:
    rows = read_dispatch_workbook(path.read_bytes(), FEEDS[DISPATCH_FEED], load_column_map(None, DISPATCH_FEED))
    with duckdb.connect() as connection:
        return connection.from_arrow(rows.table).select(", ".join(FIELDS)).fetchall()


def as_filed(table: DispatchTable) -> list[tuple]:
    head = (table.province_code, str(table.period_start), table.known_at.isoformat(), str(table.version))
    return [(*head, row.indicator_code, row.this_period, row.cumulative) for row in table.rows]


def numbers(rows: list[tuple]) -> list[tuple]:
    return [(*row[:5], Decimal(row[5]), Decimal(row[6])) for row in rows]


def test_our_own_reader_reads_the_same_numbers_back(tmp_path: Path) -> None:
    report = write_dispatch_workbook([HUBEI], tmp_path / "t.xlsx")
    assert report.sheets == (DISPATCH_SHEET,)
    assert numbers(read_back(report.path)) == as_filed(HUBEI)


def test_the_nation_comes_first_and_every_province_has_the_same_layout(tmp_path: Path) -> None:
    path = write_dispatch_workbook([NATION, HUBEI], tmp_path / "t.xlsx").path
    assert numbers(read_back(path)) == as_filed(NATION)
    book = python_calamine.CalamineWorkbook.from_path(str(path))
    assert book.sheet_names == [DISPATCH_SHEET, "湖北省"]
    cells = book.get_sheet_by_name("湖北省").to_python(skip_empty_area=False)
    assert [row[1] for row in cells[:4]] == ["420000", "2020-03-23", "2020-04-08T10:30:00+08:00", 2]
    assert cells[5] == ["indicator_code", "indicator_name_zh", "unit", "this_period", "cumulative"]
    assert cells[8] == ["training_subsidy_amount_cny", "金额", "元", 123456789.07, 9876543210.10]


def test_it_is_laid_out_for_print(tmp_path: Path) -> None:
    path = write_dispatch_workbook([NATION], tmp_path / "t.xlsx").path
    sheet = openpyxl.load_workbook(path)[DISPATCH_SHEET]
    assert sheet.freeze_panes == "A7"
    assert sheet.print_title_rows == "$6:$6"
    assert sheet.print_area == f"'{DISPATCH_SHEET}'!$A$1:$E$15"
    # One page for each province, whatever the office prints it with
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("portrait", 9)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (None, None), "one page each way by default"
    assert [sheet.cell(row, 4).number_format for row in (8, 9)] == ["#,##0", "#,##0.00"]
    assert [str(merged) for merged in sheet.merged_cells.ranges] == ["A5:E5"]
    assert sheet["A5"].value == "全国 双周调度表（2020-03-23 至 2020-04-05）"
    assert "盖章" in sheet["A15"].value
    assert sheet["D8"].border.left.style == "thin"
    assert "2020-04-05" in sheet["A13"].value, "a running period says how far it reaches"


def test_after_the_action_each_number_says_how_far_it_reaches(tmp_path: Path) -> None:
    later = replace(NATION, as_at=date(2020, 4, 1), known_to=date(2020, 4, 3))
    sheet = openpyxl.load_workbook(write_dispatch_workbook([later], tmp_path / "t.xlsx").path)[DISPATCH_SHEET]
    assert sheet["C3"].value == "截至 2020-04-03"
    assert "行动已于 2020-04-01 结束" in sheet["A13"].value
    assert "数据截至 2020-04-03" in sheet["A14"].value


def test_the_longest_name_of_an_indicator_is_shown_in_full(tmp_path: Path) -> None:
    """A Chinese character is as wide as two digits and a little more."""
    names = read_csv(PROJECT_ROOT / "seeds" / "dispatch_indicators.csv").column("name_zh").to_pylist()
    sheet = openpyxl.load_workbook(write_dispatch_workbook([HUBEI], tmp_path / "t.xlsx").path)[DISPATCH_SHEET]
    widest = max(sum(1 if character.isascii() else 2.15 for character in name) for name in names)
    assert widest < sheet.column_dimensions["B"].width


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    path.write_text("before")
    with pytest.raises(AttributeError):
        write_dispatch_workbook([HUBEI, None], path)  # type: ignore[list-item]
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Just the tables that the command reads, two provinces and the nation."""
    monkeypatch.setenv("WAREHOUSE_DIR", str(tmp_path))
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute(
            """
            create schema core; create schema marts;
            create table core.dim_campaign as select timestamp '2020-04-08 10:30:00' as clock;
            create table core.dim_period as select date '2020-03-23' as period_start, date '2020-04-05' as period_end;
            create table core.dim_province as
            select * from (values ('420000', 17), ('000000', 0), ('110000', 1)) as t (province_code, sort_order);
            create table core.fct_dispatch_report as
            select '420000' as province_code, date '2020-03-23' as period_start, 4 as version;
            create table marts.dispatch_table as
            select period_start, province_code, province_code as province_name_zh, indicator_code,
                indicator_code as indicator_name_zh, unit, t.sort_order, date '2020-04-05' as as_at,
                true as is_complete,
                cast(amount as decimal(18, 2)) as this_period, cast(2 * amount as decimal(18, 2)) as cumulative
            from core.dim_period, core.dim_province,
                (values ('registrations', '人次', 4, 3.0), ('prepaid_amount_cny', '元', 9, 0.07))
                    as t (indicator_code, unit, sort_order, amount)
            """
        )
    yield Settings.from_environment()


def test_tables_come_in_order_with_the_version_that_would_be_filed_next(warehouse: Settings) -> None:
    tables = read_dispatch_tables(warehouse, "2020-03-23")
    assert [(table.province_code, table.version) for table in tables] == [("000000", 1), ("110000", 1), ("420000", 5)]
    assert tables[0].known_at == datetime(2020, 4, 8, 10, 30, tzinfo=SHANGHAI)
    assert [row.indicator_code for row in tables[2].rows] == ["registrations", "prepaid_amount_cny"]


def test_the_command_writes_one_province(warehouse: Settings, tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    done = CliRunner().invoke(
        app, ["dispatch", "--period", "2020-03-23", "--province", "420000", "--out", str(path), "--json"]
    )
    assert done.exit_code == 0, done.output
    assert [row[4:] for row in numbers(read_back(path))] == [
        ("registrations", Decimal("3"), Decimal("6")),
        ("prepaid_amount_cny", Decimal("0.07"), Decimal("0.14")),
    ]


@pytest.mark.parametrize(
    ("period", "province", "out", "said"),
    [
        ("2020-03-24", "420000", "t.xlsx", "there are 2020-03-23"),
        ("2020-03-23", "430000", "t.xlsx", "there are 000000, 110000, 420000"),
        ("2020-03-23", "420000", "t.csv", "must end with .xlsx"),
        ("2020-03-23", "420000", "missing/t.xlsx", "there is no folder"),
    ],
)
def test_wrong_use_says_what_there_is(
    warehouse: Settings, tmp_path: Path, period: str, province: str, out: str, said: str
) -> None:
    done = CliRunner().invoke(
        app, ["dispatch", "--period", period, "--province", province, "--out", str(tmp_path / out)]
    )
    assert done.exit_code == 2
    assert said in done.output
    assert not (tmp_path / out).exists()


def test_without_a_warehouse_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_DIR", str(tmp_path))
    done = CliRunner().invoke(app, ["dispatch", "--period", "2020-03-23", "--out", str(tmp_path / "t.xlsx")])
    assert done.exit_code == 1
    assert "warehouse build" in done.output
