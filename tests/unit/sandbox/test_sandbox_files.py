"""What lies in the inboxes: formats, headers, encodings, workbooks, and when it came."""

from __future__ import annotations

import csv
import gzip
import io
import shutil
from datetime import datetime

import openpyxl
import polars as pl
import pytest
import zstandard

from orchestration.sandbox import SandboxError, headers
from orchestration.sandbox.arrivals import deliver
from orchestration.sandbox.reference import regions
from orchestration.settings import SHANGHAI
from orchestration.sources.feeds import FEEDS, INDICATORS

CLOCK = datetime(2020, 7, 10, 9)  # noqa: DTZ001 - Parquet holds Shanghai wall time
FIELDS = [field.name for field in FEEDS["registrations"].fields]


def _files(world, sender: str, feed: str):
    found = sorted(path for path in (world.directory / "inbox" / sender / feed).rglob("*") if path.is_file())
    assert found, f"{sender} delivered no {feed}"
    return found


def _table(content: bytes, separator: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8")), delimiter=separator))


def test_p031_writes_gb18030_under_chinese_headers_of_its_own(world):
    content = _files(world, "P031", "registrations")[0].read_bytes()
    with pytest.raises(UnicodeDecodeError):
        content.decode("utf-8")
    header = content.decode("gb18030").splitlines()[0].split(",")
    assert header == headers.p031(FIELDS)
    assert "学员姓名" in header and "姓名" not in header


def test_each_other_format_holds_the_fields_of_the_contract(world):
    def first(sender: str):
        return next(path for path in _files(world, sender, "registrations") if path.name.startswith(sender))

    assert list(_table(first("P047").read_bytes())[0]) == FIELDS
    assert list(_table(gzip.decompress(first("P048").read_bytes()), "\t")[0]) == FIELDS
    lines = zstandard.ZstdDecompressor().stream_reader(first("P049").read_bytes()).read().splitlines()
    assert [set(pl.read_ndjson(line).columns) for line in lines[:1]] == [set(FIELDS)]
    parquet = pl.read_parquet(first("P050"))
    assert parquet.columns == FIELDS
    assert isinstance(parquet.schema["registered_at"], pl.Datetime)
    sheet = openpyxl.load_workbook(first("P051")).worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    assert list(rows[0]) == FIELDS
    assert isinstance(rows[1][FIELDS.index("id_number")], str)
    assert isinstance(rows[1][FIELDS.index("registered_at")], datetime)
    assert list(_table(zstandard.ZstdDecompressor().stream_reader(first("P052").read_bytes()).read())[0]) == FIELDS
    assert list(_table(first("P053").read_bytes())[0]) == headers.common(FIELDS)


def test_a_file_holds_nothing_from_after_the_clock(world):
    for path in _files(world, "P050", "learning_records"):
        assert pl.read_parquet(path)["updated_at"].max() < CLOCK


def test_an_inbox_also_holds_what_no_reader_may_take(world):
    names = [path.name for path in _files(world, "P047", "registrations")]
    assert any(name.endswith(".part") for name in names) and any(name.startswith(".") for name in names)
    contents = [path.read_bytes() for path in _files(world, "P047", "registrations")]
    assert len(set(contents)) == len(contents) - 1, "one file under two names"


def test_a_snapshot_file_repeats_what_it_knows(world):
    def ids(path) -> set[str]:
        return {
            row["course_id"] for row in _table(zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read())
        }

    files = _files(world, "P052", "courses")
    assert len(files) > 2
    for earlier, later in zip(files, files[1:], strict=False):
        assert ids(earlier) <= ids(later)


def test_every_bureau_files_the_table_in_its_layout(world):
    seen_extra_sheets = False
    for code, _ in regions().bureaus:
        path = _files(world, code, "dispatch_reports")[0]
        if path.suffix == ".csv":
            assert (
                path.read_bytes()
                .decode("gb18030")
                .startswith("region_code,period_start,filed_at,version,indicator_code")
            )
            continue
        book = openpyxl.load_workbook(path)
        sheet = book["双周调度表"]
        seen_extra_sheets |= len(book.sheetnames) > 1
        assert sheet["B1"].value == code
        assert f"period={sheet['B2'].value}" == path.parent.name
        assert datetime.fromisoformat(sheet["B3"].value).utcoffset() is not None
        assert sheet["B4"].value == 1
        assert [cell.value for cell in sheet[6]][:5] == [
            "indicator_code",
            "indicator_name_zh",
            "unit",
            "this_period",
            "cumulative",
        ]
        told = []
        for row in range(7, 200):
            if sheet.cell(row, 1).value is None:
                break
            told.append(sheet.cell(row, 1).value)
        assert len(told) > 15
        assert {"registrations", "learners"} <= set(told) and len(set(told)) == len(told)
        assert len(set(told) - set(INDICATORS)) <= 1, "at most the one dirty row"
    assert seen_extra_sheets


def test_bureaus_write_gb18030_and_workbooks(world):
    suffixes = {path.suffix for path in (world.directory / "inbox" / "120000" / "eligibility_rosters").rglob("*.*")}
    assert suffixes == {".xlsx"}
    content = b"".join(path.read_bytes() for path in _files(world, "330000", "training_projects"))
    assert "样例培训项目" in content.decode("gb18030")


def test_some_reports_are_late_some_missing_some_restated(world):
    filings = world.table("dispatch_filings")
    assert 3 <= sum(row["is_late"] for row in filings) <= 10
    assert sum(row["version"] == 2 for row in filings) > 20
    missing = {(row["period_start"], row["sender_id"]) for row in world.table("missing_senders")}
    assert ("2020-05-11", "150000") not in missing
    assert ("2020-04-20", "150000") in missing
    assert ("2020-04-20", "510000") in missing, "a roster that was due is not there"


def test_files_can_be_held_back_until_their_time(world, tmp_path):
    copy = tmp_path / "world"
    shutil.copytree(world.directory, copy)

    def inbox() -> set[str]:
        files = [path for path in (copy / "inbox").rglob("*") if path.is_file()]
        taken = [path for path in files if not path.name.startswith(".") and path.suffix != ".part"]
        return {path.relative_to(copy / "inbox").as_posix() for path in taken}

    everything = inbox()
    early = deliver(copy, datetime(2020, 4, 8, 18, tzinfo=SHANGHAI))
    assert 0 < early == len(inbox()) < len(everything)
    assert all("period=2020-03-23" in name or "20200323" in name for name in inbox())
    assert deliver(copy, datetime(2020, 7, 10, 9, tzinfo=SHANGHAI)) == len(everything)
    assert inbox() == everything


def test_nothing_can_be_held_back_where_no_world_is(tmp_path):
    with pytest.raises(SandboxError, match="make a world first"):
        deliver(tmp_path, datetime(2020, 7, 10, tzinfo=SHANGHAI))
