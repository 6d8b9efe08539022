"""Delimited files: .csv and .tsv in any encoding, read by pyarrow with every column as text.

The decoding is done here, whole and first, so that a wrong encoding can be told with its place instead of as garbled
values. A ragged row costs itself only.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import sys
from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.csv

from orchestration.sources.column_map import ColumnMap
from orchestration.sources.feeds import Feed
from orchestration.sources.readers.rows import FormatError, Rows, rows_of_table

# A record longer than a block is an error in pyarrow.
_BLOCK_BYTES = 16 * 2**20
_SAMPLE_BYTES = 2**20
_MINIMUM_CHINESE_CHARACTERS = 6
# Python's own reader, which looks after a file's quotes, gives up at 128 KiB.
csv.field_size_limit(sys.maxsize)
_LONGEST_HEADER = 2**17
_OTHER_BOMS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def read_delimited(data: bytes, delimiter: str, encoding: str, feed: Feed, column_map: ColumnMap) -> Rows:
    """The rows of a delimited file. Raises FormatError: empty, wrong encoding, header twice, a quote never closed."""
    text = _as_utf8(data, delimiter, encoding, feed, column_map)
    text = text.lstrip(b"\r\n")
    if not text.strip():
        raise FormatError("the file is empty")
    if not text.endswith((b"\n", b"\r")):
        # pyarrow takes a single line without an end for no line at all.
        text += b"\n"
    table, ragged = _parsed(text, delimiter, use_threads=True)
    if ragged:
        # Only the single-threaded reader numbers the rows that it hands to the handler.
        table, ragged = _parsed(text, delimiter, use_threads=False)
    _refuse_open_quote(text, table, ragged)
    _refuse_stray_quotes(text, delimiter, table.num_rows + len(ragged))
    delivered = [column[0].as_py() for column in table.columns]
    columns = [column.slice(1) for column in table.columns]
    bad = {row.number - 1: f"{row.found} values, the header has {row.expected}" for row in ragged}
    if bad and not len(columns[0]):
        number, reason = next(iter(bad.items()))
        raise FormatError(f"no row fits the header: {reason}", row=number)
    rows_count = len(columns[0]) + len(bad)
    good = (
        [position for position in range(1, rows_count + 1) if position not in bad] if bad else range(1, rows_count + 1)
    )
    return rows_of_table(
        delivered,
        [pa.chunked_array([*column.chunks, pa.nulls(len(bad), pa.string())], pa.string()) for column in columns],
        feed,
        column_map,
        positions=pa.chunked_array([pa.array([*good, *bad], pa.int64())]),
        malformed=pa.chunked_array([pa.nulls(len(good), pa.string()), pa.array(list(bad.values()), pa.string())]),
    )


class _Ragged(NamedTuple):
    """A record with another number of values than the header: its number (the header's is 1), both numbers of values,
    and whether it goes over several lines."""

    number: int
    expected: int
    found: int
    has_lines: bool


def _parsed(text: bytes, delimiter: str, *, use_threads: bool) -> tuple[pa.Table, list[_Ragged]]:
    """Every record that fits, the header included, as text columns; and the ragged ones."""
    ragged: list[_Ragged] = []

    def note(row: pyarrow.csv.InvalidRow) -> str:
        has_lines = "\n" in row.text.strip()
        ragged.append(_Ragged(row.number, row.expected_columns, row.actual_columns, has_lines))
        return "skip"

    columns_count = _columns_count(text, delimiter)
    try:
        table = pyarrow.csv.read_csv(
            io.BytesIO(text),
            read_options=pyarrow.csv.ReadOptions(
                use_threads=use_threads, block_size=_BLOCK_BYTES, autogenerate_column_names=True
            ),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=note
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types={f"f{index}": pa.string() for index in range(columns_count)},
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except pa.ArrowInvalid as error:
        # pyarrow's own text quotes the row.
        raise FormatError(f"not a delimited file ({type(error).__name__})") from None
    return table, ragged


def _columns_count(text: bytes, delimiter: str) -> int:
    """Of the header, whose quoted line breaks are followed and whose line may end in any way."""
    sample = text[:_SAMPLE_BYTES].decode("utf-8", errors="ignore")
    header = next(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter))
    if sum(map(len, header)) > _LONGEST_HEADER:
        raise FormatError("the header can't be read; is a quote in it left open?")
    return len(header)


def _refuse_open_quote(text: bytes, table: pa.Table, ragged: Sequence[_Ragged]) -> None:
    """A quote that is never closed swallows the rest of the file into one value without any error."""
    if text.count(b'"') % 2 == 0 or table.num_rows == 0:
        return
    records_count = table.num_rows + len(ragged)
    if ragged and ragged[-1].number == records_count:
        goes_on = ragged[-1].has_lines
    else:
        goes_on = any(value and "\n" in value for value in (column[-1].as_py() for column in table.columns))
    if goes_on:
        raise FormatError("a quoted value is never closed; is the file cut off?", row=records_count - 1)


def _refuse_stray_quotes(text: bytes, delimiter: str, records_count: int) -> None:
    """A quote that opens a value where none was meant swallows the rows up to the next one, whose text goes on after
    it: `2,"b` and `4,"d` make one record of three."""
    if b'"' not in text or max(text.count(b"\n"), text.count(b"\r")) <= records_count:
        return
    lines = io.TextIOWrapper(io.BytesIO(text), encoding="utf-8", newline="")
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    for number in itertools.count():
        first_line = reader.line_num + 1
        try:
            next(reader)
        except StopIteration:
            return
        except csv.Error:
            if reader.line_num > first_line:
                message = "a quoted value goes over several lines and on after its last quote; is a quote not doubled?"
                raise FormatError(message, row=number) from None


def _as_utf8(data: bytes, delimiter: str, encoding: str, feed: Feed, column_map: ColumnMap) -> bytes:
    if data.startswith(codecs.BOM_UTF8):
        # The mark says UTF-8 whatever the registry says.
        encoding = "utf-8-sig"
    name = codecs.lookup(encoding).name
    for mark, marked in _OTHER_BOMS.items():
        if data.startswith(mark) and not name.startswith("utf-16"):
            raise FormatError(f"not {encoding.upper()}: its byte order mark says {marked}; set `encoding: {marked}`")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _wrong_encoding(data, error.start, delimiter, encoding, feed, column_map) from None
    if not name.startswith("utf-") and _is_chinese_utf8(data):
        raise FormatError(f"is UTF-8, not {encoding.upper()}: remove `encoding: {encoding}` or set `encoding: utf-8`")
    return text.encode("utf-8")


def _is_chinese_utf8(data: bytes) -> bool:
    """Text in another encoding is hardly ever valid UTF-8 made of nothing but ASCII and common Chinese characters."""
    sample = data[:_SAMPLE_BYTES]
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(sample, final=len(sample) == len(data))
    except UnicodeDecodeError:
        return False
    beyond_ascii = [character for character in text if ord(character) > 127]
    chinese = sum("\u3000" <= character <= "\u9fff" or "\uff00" <= character <= "\uffef" for character in beyond_ascii)
    return chinese >= _MINIMUM_CHINESE_CHARACTERS and chinese == len(beyond_ascii)


def _wrong_encoding(
    data: bytes, start: int, delimiter: str, encoding: str, feed: Feed, column_map: ColumnMap
) -> FormatError:
    """One message that says where, and what would read: best effort, since quoted line breaks aren't followed."""
    reads_as = next((other for other in ("utf-8", "gb18030") if _decodes(data, other)), None)
    hint = (
        f"it reads as {reads_as.upper()}: set `encoding: {reads_as}` in the registry"
        if reads_as
        else "no known encoding reads it"
    )
    row = data.count(b"\n", 0, start)
    line_start = data.rfind(b"\n", 0, start) + 1
    column = data.count(delimiter.encode(), line_start, start)
    field = None
    header = data[: data.find(b"\n")] if b"\n" in data else data
    names = header.decode(reads_as or encoding, errors="replace").strip("\r").split(delimiter)
    if column < len(names):
        name = names[column].strip().strip('"')
        known = column_map.field(name) or name
        # The name is repeated only where it is one that is known: without a header the first row is somebody's data.
        field = known if known in {field.name for field in feed.fields} else f"(column {column + 1})"
    return FormatError(f"not {encoding.upper()} (byte {start + 1}); {hint}", field=field, row=row or None)


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
