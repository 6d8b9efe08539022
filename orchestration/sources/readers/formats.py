"""Which reader a file's name asks for, and the compression around it."""

from __future__ import annotations

import gzip
import zlib
from pathlib import PurePosixPath

import zstandard

from orchestration.sources.column_map import load_column_map
from orchestration.sources.feeds import FEEDS
from orchestration.sources.readers.columnar import read_parquet
from orchestration.sources.readers.delimited import read_delimited
from orchestration.sources.readers.ndjson import read_ndjson
from orchestration.sources.readers.rows import FormatError, Rows
from orchestration.sources.readers.workbook import DISPATCH_FEED, read_dispatch_workbook, read_sheet_table
from orchestration.sources.registry.senders import FeedSource

DELIMITERS = {".csv": ",", ".tsv": "\t"}
JSON_LINES = (".ndjson", ".jsonl")
COMPRESSIBLE = (*DELIMITERS, *JSON_LINES)
READABLE = ".csv, .tsv, .ndjson, .jsonl (each with .gz or .zst too), .parquet, .xlsx"


def read_file(name: str, data: bytes, source: FeedSource) -> Rows:
    """The rows of a file called `name` that holds `data`. Raises FormatError."""
    feed = FEEDS[source.feed]
    column_map = load_column_map(source.column_map, source.feed)
    suffixes = [suffix.lower() for suffix in PurePosixPath(name).suffixes]
    kind = suffixes[-1] if suffixes else ""
    if kind in (".gz", ".zst") and len(suffixes) > 1 and suffixes[-2] in COMPRESSIBLE:
        data = gunzipped(data) if kind == ".gz" else unzstd(data)
        kind = suffixes[-2]
    if kind in DELIMITERS:
        return read_delimited(data, DELIMITERS[kind], source.encoding, feed, column_map)
    if kind in JSON_LINES:
        return read_ndjson(data, feed, column_map)
    if kind == ".parquet":
        return read_parquet(data, feed, column_map)
    if kind == ".xlsx" and source.feed == DISPATCH_FEED:
        return read_dispatch_workbook(data, feed, column_map)
    if kind == ".xlsx":
        return read_sheet_table(data, feed, column_map)
    raise FormatError(f"not a kind of file that is read; read are {READABLE}")


def gunzipped(data: bytes) -> bytes:
    """Every member of a gzip file. Raises FormatError when it is none or ends early."""
    try:
        return gzip.decompress(data)
    except EOFError:
        raise FormatError("the gzip stream ends early; is the file cut off?") from None
    except (gzip.BadGzipFile, zlib.error):
        raise FormatError("not a gzip file, or damaged") from None


def unzstd(data: bytes) -> bytes:
    """Every frame of a zstd file. Raises FormatError when it is none or ends early, which the library wouldn't tell."""
    parts = []
    while data:
        frame = zstandard.ZstdDecompressor().decompressobj()
        try:
            parts.append(frame.decompress(data))
        except zstandard.ZstdError:
            raise FormatError("not a zstd file, or damaged") from None
        if not frame.eof:
            raise FormatError("the zstd stream ends early; is the file cut off?")
        data = frame.unused_data
    return b"".join(parts)
