"""The bureaus' files: rosters, lists, payments and penalties in period folders; `dispatch` has the biweekly reports."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from orchestration.sandbox import dirt, headers, wire
from orchestration.sandbox.arrivals import INBOX, comes_at
from orchestration.sandbox.deliveries import Deliveries
from orchestration.sandbox.dirt import DirtyRow
from orchestration.sandbox.drawing import Draw
from orchestration.sandbox.platforms import SNAPSHOT_FEEDS, BureauSpec
from orchestration.sandbox.writing import delimited, text
from orchestration.sandbox.writing.platforms import as_text

ENCODING = "gb18030"
NEVER_SENT = {("510000", "eligibility_rosters", 3), ("440000", "subsidy_payments", 5)}  # told in the next period's file
WORKBOOK_FEEDS = ("institutions", "training_projects", "eligibility_rosters")


def writes_workbook(number: int, feed: str) -> bool:
    """Whether the bureau at this place in the list sends that feed as a workbook."""
    return feed in WORKBOOK_FEEDS and number % 5 == 1


def write_bureaus(directory: Path, world: Draw, counted: Deliveries, *, messy: bool) -> None:
    for feed, build in wire.BUREAU_FRAMES.items():
        frame = build(world).filter(pl.col("_at") < world.line.now)
        rows = dirt.sprinkle(world.stream(f"dirt {feed}"), feed, frame, world.line, _takes(world)) if messy else []
        parts = frame.partition_by("_sender", as_dict=True)
        for number, bureau in enumerate(world.bureaus):
            part = parts.get((number,), frame.clear())
            _write_feed(directory, world, number, bureau, feed, part, [r for r in rows if r.sender == number], counted)


def _takes(world: Draw):  # type: ignore[no-untyped-def]
    return lambda sender, flaw: (world.bureaus[sender].id, flaw.feed) not in SNAPSHOT_FEEDS


def _folder(world: Draw, bureau: BureauSpec, feed: str, at: np.ndarray) -> np.ndarray:
    """The period folder of each row: that of its moment, or the next where the bureau left a period out."""
    index = world.line.delivery_index(at)
    for left_out, left_out_feed, number in NEVER_SENT:
        if (left_out, left_out_feed) == (bureau.id, feed):
            index = np.where(index == number - 1, number, index)
    return index


def _write_feed(
    directory: Path,
    world: Draw,
    number: int,
    bureau: BureauSpec,
    feed: str,
    part: pl.DataFrame,
    dirty: list[DirtyRow],
    counted: Deliveries,
) -> None:
    folders = _folder(world, bureau, feed, part["_at"].to_numpy())
    is_snapshot = (bureau.id, feed) in SNAPSHOT_FEEDS
    for index, period in enumerate(world.line.periods):
        rows = part.filter(pl.Series(folders <= index if is_snapshot else folders == index))
        if is_snapshot:
            if index % 2:
                continue
            rows = rows.slice(1) if index == 6 else rows  # the last one no longer lists an institution
        spoiled = [row for row in dirty if _folder(world, bureau, feed, np.array([row.at]))[0] == index]
        if rows.is_empty() and not spoiled:
            continue
        name = f"{feed}.{'xlsx' if writes_workbook(number, feed) else 'csv'}"
        path = directory / INBOX / bureau.id / feed / f"period={period.key}" / name
        _write_file(path, bureau, rows, spoiled)
        if not counted.add_file(directory / INBOX, path, bureau.id, feed, comes_at(world.line, bureau.id, period)):
            continue
        counted.rows[bureau.id, feed, index] += len(rows)
        for row in spoiled:
            counted.add_dirty(bureau.id, row, index)


def _write_file(path: Path, bureau: BureauSpec, rows: pl.DataFrame, dirty: list[DirtyRow]) -> None:
    fields = [name for name in rows.columns if not name.startswith("_")]
    is_chinese = bureau.file_headers == "chinese"
    header = headers.common(fields) if is_chinese else fields
    if path.suffix == ".xlsx":
        values = [*rows.select(fields).rows(), *(tuple(row.row[name] for name in fields) for row in dirty)]
        delimited.write_workbook(path, header, values)
        return
    flat = text.flat_text(rows, chinese_booleans=is_chinese)
    if dirty:
        flat = pl.concat([flat, pl.DataFrame([as_text(row.row, is_chinese) for row in dirty], schema=flat.schema)])
    delimited.write_delimited(path, delimited.delimited(flat, header, encoding=ENCODING))
