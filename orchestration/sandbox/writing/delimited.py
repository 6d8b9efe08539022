"""Delimited files (with compression and Chinese encodings), JSON lines, Parquet and plain workbooks of one feed."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import polars as pl
import xlsxwriter
import zstandard

# Set in every workbook, so that a seed gives the same bytes.
CREATED = datetime(2020, 3, 23)  # noqa: DTZ001 - a workbook's property has no zone

# In memory: a world has hundreds of small workbooks, and temporary files cost more than the writing.
WORKBOOK_OPTIONS = {"in_memory": True, "default_date_format": "yyyy-mm-dd hh:mm:ss", "strings_to_numbers": False}


def compressed(content: bytes, name: str) -> bytes:
    """`content` packed as the file name's ending says; the same bytes for the same content."""
    if name.endswith(".gz"):
        return gzip.compress(content, compresslevel=6, mtime=0)
    if name.endswith(".zst"):
        return zstandard.ZstdCompressor(level=3).compress(content)
    return content


def delimited(frame: pl.DataFrame, header: Sequence[str], *, separator: str = ",", encoding: str = "utf-8") -> bytes:
    """`frame` holds text columns only; `header` replaces their names."""
    renamed = frame.rename(dict(zip(frame.columns, header, strict=True)))
    return renamed.write_csv(separator=separator, line_terminator="\n").encode(encoding)


def write_delimited(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(compressed(content, path.name))


def write_workbook(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """One sheet with a header row; dates and times as real cells, numbers of documents as text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(path, WORKBOOK_OPTIONS) as book:
        book.set_properties({"created": CREATED})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        bold = book.add_format({"bold": True, "bg_color": "#DDEBF7"})
        sheet = book.add_worksheet("数据")
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, list(header), bold)
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                if value is None:
                    continue
                if isinstance(value, list):
                    sheet.write_string(number, column, ";".join(value))
                elif isinstance(value, str):
                    sheet.write_string(number, column, value)
                elif isinstance(value, date) and not isinstance(value, datetime):
                    sheet.write_datetime(number, column, value, day)
                else:
                    sheet.write(number, column, value)
