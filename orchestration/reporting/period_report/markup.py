"""Pieces of the page: escaped text, formatted numbers, tables. Labels are Chinese first, English second.

A number's exact value stands in `data-value` beside its formatted text. NULL is `…` in a row that withholds something
(`is_suppressed`), else `–`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

WITHHELD, NOTHING = "…", "–"
_FORMATS = {"count": "{:,.0f}", "money": "{:,.2f}", "hours": "{:,.1f}", "share": "{:.1%}", "days": "{:,.1f}"}


@dataclass(frozen=True)
class Column:
    """A column of a table. `kind`: `text`, or how its numbers are written: count, money (CNY), hours, share, days,
    number (two decimals where it is not whole), or short (in 万, ten thousands, where it is large)."""

    zh: str
    en: str
    kind: str = "count"


def label(zh: str, en: str) -> str:
    return f'{escape(zh)} <span class="en" lang="en">{escape(en)}</span>'


def text_of(value: Any, kind: str) -> str:
    """A value as a reader sees it."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if kind == "short":
        # As in a Chinese text: 42.3万 has room in a tile where 423,112 has none
        return f"{value / 10_000:,.1f}万" if value >= 10_000 else f"{value:,.0f}"
    if kind == "number":
        # Whole where it is whole: persons and fen stand in one column
        return f"{value:,.2f}".removesuffix(".00")
    return _FORMATS[kind].format(value) if kind in _FORMATS else str(value)


def figure_of(value: Any, kind: str, *, is_withheld: bool = False, tag: str = "span", css: str = "") -> str:
    """A number as an element that holds its exact value too; a NULL as what it means."""
    classes = f"{css} {'' if kind == 'text' else 'n'}".strip()
    if value is None:
        if is_withheld:
            return f'<{tag} class="{classes} withheld" title="未公布 withheld">{WITHHELD}</{tag}>'
        return f'<{tag} class="{classes}">{NOTHING}</{tag}>'
    exact = "" if kind == "text" else f' data-value="{value}"'
    return f'<{tag} class="{classes}"{exact}>{escape(text_of(value, kind))}</{tag}>'


def table(name: str, columns: Sequence[Column], rows: Sequence[Sequence[Any]], *, has_flag: bool = False) -> str:
    """A table under `data-table=name`; with `has_flag` each row's last value is its is_suppressed and is not shown."""
    if not rows:
        return nothing()
    head = "".join(
        f'<th scope="col" class="{"" if column.kind == "text" else "n"}">{label(column.zh, column.en)}</th>'
        for column in columns
    )
    body = "".join(f"<tr>{_cells(columns, row, has_flag=has_flag)}</tr>" for row in rows)
    return (
        f'<div class="scroll" tabindex="0"><table data-table="{name}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _cells(columns: Sequence[Column], row: Sequence[Any], *, has_flag: bool) -> str:
    is_withheld = has_flag and bool(row[-1])
    return "".join(
        figure_of(value, column.kind, is_withheld=is_withheld, tag="td")
        for column, value in zip(columns, row, strict=False)
    )


def section(anchor: str, zh: str, en: str, *parts: str) -> str:
    return f'<section id="{anchor}"><h2>{label(zh, en)}</h2>{"".join(parts)}</section>'


def note(zh: str, en: str) -> str:
    return f'<p class="note">{label(zh, en)}</p>'


def folded(zh: str, en: str, content: str) -> str:
    """What a reader opens when wanted; print shows it."""
    return f"<details><summary>{label(zh, en)}</summary>{content}</details>"


def nothing(*, is_withheld: bool = False) -> str:
    """What stands where there is nothing to draw; `is_withheld`: there may be something, which is not published."""
    told = (
        ("本期的数未公布。", "Withheld in this period.")
        if is_withheld
        else ("本期没有记录。", "Nothing in this period.")
    )
    return f'<p class="none">{label(*told)}</p>'
