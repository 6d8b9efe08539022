"""Rows as senders write them in text: timestamps in the three forms the contract allows, dates, JSON objects."""

from __future__ import annotations

import polars as pl

from orchestration.sandbox.timeline import OFFSET


def json_ready(frame: pl.DataFrame) -> pl.DataFrame:
    """The fields with timestamps and dates as text, the rest in natural types; `_sender` and `_at` are left out.

    Most timestamps carry the Shanghai offset, some are UTC and some naive; a row keeps to one form.
    """
    form = (pl.col("_at") % 20).alias("_form")
    columns = []
    for name, dtype in frame.schema.items():
        if name.startswith("_"):
            continue
        if isinstance(dtype, pl.Datetime):
            local = pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%S")
            utc = (pl.col(name) - pl.duration(seconds=OFFSET)).dt.strftime("%Y-%m-%dT%H:%M:%SZ")
            naive = pl.col(name).dt.strftime("%Y-%m-%d %H:%M:%S")
            columns.append(
                pl.when(form == 0).then(utc).when(form == 1).then(naive).otherwise(local + "+08:00").alias(name)
            )
        elif dtype == pl.Date:
            columns.append(pl.col(name).dt.strftime("%Y-%m-%d"))
        else:
            columns.append(pl.col(name))
    return frame.select(columns)


def json_lines(frame: pl.DataFrame) -> pl.Series:
    """One JSON object a row, fields in the contract's order."""
    ready = json_ready(frame)
    return ready.select(pl.struct(pl.all()).struct.json_encode().alias("line")).to_series()


def flat_text(frame: pl.DataFrame, *, chinese_booleans: bool = False) -> pl.DataFrame:
    """Every field as a delimited file holds it: naive timestamps, lists joined by `;`, null as an empty field."""
    columns = []
    for name, dtype in frame.schema.items():
        if name.startswith("_"):
            continue
        column = pl.col(name)
        if isinstance(dtype, pl.Datetime):
            column = column.dt.strftime("%Y-%m-%d %H:%M:%S")
        elif dtype == pl.Date:
            column = column.dt.strftime("%Y-%m-%d")
        elif dtype == pl.List(pl.Utf8):
            column = column.list.join(";")
        elif dtype == pl.Boolean:
            yes, no = ("是", "否") if chinese_booleans else ("true", "false")
            column = pl.when(column).then(pl.lit(yes)).otherwise(pl.lit(no)).alias(name)
        elif dtype.is_float():
            column = column.cast(pl.Utf8).str.strip_suffix(".0")
        else:
            column = column.cast(pl.Utf8)
        columns.append(column.alias(name))
    return frame.select(columns)
