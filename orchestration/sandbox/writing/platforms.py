"""The platforms' data: JSON lines and statements for the server, files for the inboxes."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl

from orchestration.sandbox import dirt, headers, wire
from orchestration.sandbox.arrivals import INBOX, comes_at
from orchestration.sandbox.deliveries import Deliveries
from orchestration.sandbox.dirt import DirtyRow, Flaw
from orchestration.sandbox.drawing import Draw
from orchestration.sandbox.platforms import SNAPSHOT_FEEDS, PlatformSpec
from orchestration.sandbox.timeline import Timeline
from orchestration.sandbox.writing import delimited, store, text, xapi

DIRTY_LRS = ("P024", "P027")
ODD_FILES = ("P047", "registrations")  # whose inbox also holds a half-written file, a hidden one and a renamed copy
NEW_COLUMN = "app_version"  # a field that no contract names, which one platform begins to send in the middle
NEW_COLUMN_PLATFORM, NEW_COLUMN_FROM_PERIOD = "P004", 4


def write_platforms(directory: Path, world: Draw, *, messy: bool) -> Deliveries:
    """Write every platform's data under `directory`; the answer says what a pull at the clock will find."""
    counted = Deliveries()
    for feed, build in wire.PLATFORM_FRAMES.items():
        frame = build(world)
        if feed != "learning_records":  # statements of an LRS have ids of their own
            frame = wire.repeat_some(frame, world.stream(f"repeats {feed}"))
        rows = dirt.sprinkle(world.stream(f"dirt {feed}"), feed, frame, world.line, _takes(world)) if messy else []
        parts = frame.partition_by("_sender", as_dict=True)
        for number, spec in enumerate(world.platforms):
            if feed not in spec.feeds:
                continue
            part = parts.get((number,), frame.clear())
            dirty = [row for row in rows if row.sender == number]
            _write_feed(directory, world, spec, feed, part, dirty, counted, messy=messy)
    return counted


def _spoil_statements(
    world: Draw, platform_id: str, at: np.ndarray, lines: pl.Series, counted: Deliveries
) -> tuple[np.ndarray, pl.Series]:
    """Two statements that break the contract, made from the first ones: no registration, and a score of 170."""
    spoiled = []
    for number, reason in enumerate(("missing_required", "out_of_range")):
        statement = orjson.loads(lines[number])
        statement["id"] = f"{number:08x}-0000-4000-8000-00000000dead"
        if reason == "missing_required":
            del statement["context"]
        else:
            statement["result"] = statement.get("result", {}) | {"score": {"scaled": 1.7}}
        row = DirtyRow(0, "learning_records", int(at[number]), {}, (reason,))
        counted.add_dirty(platform_id, row, _period(world, row))
        spoiled.append(orjson.dumps(statement).decode("utf-8"))
    return np.concatenate([at, at[:2]]), pl.concat([lines, pl.Series("line", spoiled, dtype=pl.Utf8)])


def _lrs_rows(part: pl.DataFrame, line: Timeline) -> np.ndarray:
    """Moments of the rows that an LRS makes: its statements, and a new state for what was voided in a later period."""
    is_voiding = pl.col("status").eq_missing("voided")
    stored = part.filter(~is_voiding).select("record_id", stored="_at")
    voided = part.filter(is_voiding).join(stored, on="record_id")
    is_later = line.delivery_index(voided["_at"].to_numpy()) != line.delivery_index(voided["stored"].to_numpy())
    return np.concatenate([stored["stored"].to_numpy(), voided["_at"].to_numpy()[is_later]])


def _takes(world: Draw) -> Any:
    def takes(sender: int, flaw: Flaw) -> bool:
        spec = world.platforms[sender]
        if flaw.feed not in spec.feeds:
            return False
        if flaw.feed == "learning_records" and spec.learning_connector == "xapi":
            return False
        if (spec.id, flaw.feed) in SNAPSHOT_FEEDS:
            return False
        return flaw.is_typed or spec.file_format != "parquet"

    return takes


def _write_feed(
    directory: Path,
    world: Draw,
    spec: PlatformSpec,
    feed: str,
    part: pl.DataFrame,
    dirty: list[DirtyRow],
    counted: Deliveries,
    *,
    messy: bool,
) -> None:
    line = world.line
    if spec.file_format:
        write_files(directory, world, spec, feed, part, dirty, counted, messy=messy)
        return
    if feed == "learning_records" and spec.learning_connector == "xapi":
        at, lines = xapi.statements(world, part, spec.number - 1)
        counted.add_rows(spec.id, feed, _lrs_rows(part, line), line)
        if messy and spec.id in DIRTY_LRS and len(lines) >= 2:
            at, lines = _spoil_statements(world, spec.id, at, lines, counted)
        store.write(directory, spec.id, feed, at, lines)
        return
    at, lines = part["_at"].to_numpy(), text.json_lines(part)
    counted.add_rows(spec.id, feed, at, line)
    if messy and feed == "registrations" and spec.id == NEW_COLUMN_PLATFORM:
        lines = _with_new_column(at, lines, int(line.starts[NEW_COLUMN_FROM_PERIOD - 1]) * 86_400)
    for row in dirty:
        counted.add_dirty(spec.id, row, _period(world, row))
    if dirty:
        at = np.concatenate([at, [row.at for row in dirty]])
        lines = pl.concat([lines, pl.Series("line", [_json(row.row) for row in dirty], dtype=pl.Utf8)])
    store.write(directory, spec.id, feed, at, lines)


def _with_new_column(at: np.ndarray, lines: pl.Series, since: int) -> pl.Series:
    longer = lines.str.strip_suffix("}") + f',"{NEW_COLUMN}":"5.1"}}'
    return longer.zip_with(pl.Series(at >= since), lines)


def _period(world: Draw, row: DirtyRow) -> int:
    return int(world.line.delivery_index(np.array([row.at]))[0])


def _json(row: dict[str, Any]) -> str:
    return orjson.dumps(row).decode("utf-8")


def write_files(
    directory: Path,
    world: Draw,
    spec: PlatformSpec,
    feed: str,
    part: pl.DataFrame,
    dirty: list[DirtyRow],
    counted: Deliveries,
    *,
    messy: bool,
) -> None:
    """One file a period, with what changed in it; a snapshot feed's file holds everything known by then."""
    line = world.line
    known = part.filter(pl.col("_at") < line.now).with_columns(
        pl.Series("_period", line.delivery_index(part.filter(pl.col("_at") < line.now)["_at"].to_numpy()))
    )
    is_snapshot = (spec.id, feed) in SNAPSHOT_FEEDS
    key = wire.FEEDS[feed].key
    for index, period in enumerate(line.periods):
        if is_snapshot:
            rows = known.filter(pl.col("_period") <= index).unique(key, keep="last", maintain_order=True)
        else:
            rows = known.filter(pl.col("_period") == index)
        spoiled = [row for row in dirty if _period(world, row) == index]
        if rows.is_empty() and not spoiled:
            continue
        name = f"{spec.id}_{feed}_{period.start:%Y%m%d}.{_ending(spec)}"
        path = directory / INBOX / spec.id / feed / name
        _write_file(path, spec, feed, rows, spoiled)
        if not counted.add_file(directory / INBOX, path, spec.id, feed, comes_at(line, spec.id, period)):
            continue
        counted.add_rows(spec.id, feed, rows["_at"].to_numpy(), line)
        for row in spoiled:
            counted.add_dirty(spec.id, row, index)
    if messy and (spec.id, feed) == ODD_FILES:
        _leave_odd_files(directory / INBOX, spec, feed, counted, line)


def _leave_odd_files(inbox: Path, spec: PlatformSpec, feed: str, counted: Deliveries, line: Timeline) -> None:
    """What no reader may take twice or at all; a copy under another name is the same delivery."""
    folder = inbox / spec.id / feed
    files = sorted(folder.glob("*"))
    if not files:
        return
    content = files[0].read_bytes()
    copy = folder / f"copy_of_{files[0].name}"
    copy.write_bytes(content)
    counted.add_file(inbox, copy, spec.id, feed, comes_at(line, spec.id, line.periods[1]))
    (folder / f"{files[-1].name}.part").write_bytes(content[: len(content) // 2])
    (folder / f".{files[-1].name}").write_bytes(content[:100])


def _ending(spec: PlatformSpec) -> str:
    return {"csv_gb18030_zh": "csv", "csv_zh": "csv"}.get(str(spec.file_format), str(spec.file_format))


def _write_file(path: Path, spec: PlatformSpec, feed: str, rows: pl.DataFrame, dirty: list[DirtyRow]) -> None:
    fields = [name for name in rows.columns if not name.startswith("_")]
    kind = spec.file_format
    if kind == "parquet":
        clean = rows.select(fields)
        extra = pl.DataFrame([row.row for row in dirty], schema=clean.schema) if dirty else clean.clear()
        path.parent.mkdir(parents=True, exist_ok=True)
        pl.concat([clean, extra]).write_parquet(path)
    elif kind == "xlsx":
        values = [*rows.select(fields).rows(), *(tuple(row.row[name] for name in fields) for row in dirty)]
        delimited.write_workbook(path, fields, values)
    elif kind == "ndjson.zst":
        lines = [*text.json_lines(rows).to_list(), *(_json(row.row) for row in dirty)]
        delimited.write_delimited(path, ("\n".join(lines) + "\n").encode("utf-8"))
    else:
        chinese = kind in ("csv_gb18030_zh", "csv_zh")
        flat = text.flat_text(rows, chinese_booleans=chinese)
        if dirty:
            flat = pl.concat([flat, pl.DataFrame([as_text(row.row, chinese) for row in dirty], schema=flat.schema)])
        header = fields
        if chinese:
            header = headers.p031(fields) if spec.id == "P031" else headers.common(fields)
        separator = "\t" if kind == "tsv.gz" else ","
        encoding = "gb18030" if kind == "csv_gb18030_zh" else "utf-8"
        delimited.write_delimited(path, delimited.delimited(flat, header, separator=separator, encoding=encoding))


def as_text(row: dict[str, Any], chinese_booleans: bool) -> dict[str, str | None]:
    """One dirty row as a delimited file holds it."""
    found: dict[str, str | None] = {}
    for name, value in row.items():
        if isinstance(value, bool):
            found[name] = ("是" if value else "否") if chinese_booleans else str(value).lower()
        elif isinstance(value, datetime):
            found[name] = value.strftime("%Y-%m-%d %H:%M:%S")
        elif isinstance(value, date):
            found[name] = value.isoformat()
        elif isinstance(value, list):
            found[name] = ";".join(value)
        else:
            found[name] = None if value is None else str(value)
    return found
