"""One period of registrations and learning records as senders deliver it: NDJSON, CSV in GB18030, Parquet, REST pages.

    world.duckdb → sent/<form>/inbox/<platform>/<feed>/… and sent/<form>/sources.yml; sent/rest/…/<n>.json

`csv_utf8` is for the hand-written way alone: DuckDB reads no GB18030 without an extension.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb

from benchmarks.generator.registry import FEED_REGISTRY, SENT_FEEDS, write_registry
from benchmarks.generator.world import World, begun_periods, draw_sent
from orchestration.calendar import Period

FORMS = ("ndjson", "csv", "parquet")
PAGE_ROWS = 5_000
_COPY_OPTIONS = {"ndjson": "format json", "csv": "format csv, header", "parquet": "format parquet, compression zstd"}


def sent_period() -> Period:
    """The period whose rows are sent: the fifth, in the middle of the action."""
    return begun_periods()[4]


def send(world: World) -> int:
    """Write every form of the period; the rows of one form."""
    draw_sent(world, sent_period())
    sent = world.folder / "sent"
    rows_count = 0
    with world.open() as connection:
        for feed in SENT_FEEDS:
            connection.execute(f"set variable feed = '{feed}'")
            for platform_id, count in connection.execute(
                f"select platform_id, count(*) from sent_{feed} group by all order by 1"
            ).fetchall():
                rows_count += count
                _write_files(connection, sent, feed, platform_id)
                _write_pages(sent, feed, platform_id)
    for form in FORMS:
        encoding = "gb18030" if form == "csv" else "utf-8"
        for name, feeds in (("sources.yml", SENT_FEEDS), *((FEED_REGISTRY.format(feed=f), (f,)) for f in SENT_FEEDS)):
            write_registry(sent / form / name, encoding=encoding, feeds=feeds)
    return rows_count


def _write_files(connection: duckdb.DuckDBPyConnection, sent: Path, feed: str, platform_id: str) -> None:
    query = f"select * exclude (platform_id) from sent_{feed} where platform_id = '{platform_id}'"
    for form, options in _COPY_OPTIONS.items():
        path = _file(sent, form, feed, platform_id)
        connection.execute(f"copy ({query}) to '{path}' ({options})")
    utf8 = _file(sent, "csv", feed, platform_id)
    text = utf8.read_bytes()
    _file(sent, "csv_utf8", feed, platform_id).write_bytes(text)
    utf8.write_bytes(text.decode("utf-8").encode("gb18030"))


def _file(sent: Path, form: str, feed: str, platform_id: str) -> Path:
    folder = sent / form / "inbox" / platform_id / feed
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{sent_period().key}.{form.removesuffix('_utf8')}"


def _write_pages(sent: Path, feed: str, platform_id: str) -> None:
    folder = sent / "rest" / platform_id / feed
    folder.mkdir(parents=True, exist_ok=True)
    pages = list(_pages(_file(sent, "ndjson", feed, platform_id).read_bytes().splitlines()))
    for number, rows in enumerate(pages):
        cursor = b"null" if number + 1 == len(pages) else b'"%d"' % (number + 1)
        (folder / f"{number}.json").write_bytes(b'{"data":[' + b",".join(rows) + b'],"next_cursor":' + cursor + b"}")


def _pages(lines: list[bytes]) -> Iterator[list[bytes]]:
    for start in range(0, len(lines), PAGE_ROWS):
        yield lines[start : start + PAGE_ROWS]
