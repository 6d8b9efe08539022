"""Charts as SVG shapes between HTML labels: shapes stretch with the page, text keeps its size on a phone.

Each shape holds its exact value in `data-value` and tells it in its title. A chart without any value says so instead of
being drawn empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from html import escape

from orchestration.reporting.period_report.markup import figure_of, label, nothing, text_of
from orchestration.reporting.period_report.tiles import COLUMNS, TILES

Number = int | float | Decimal
STEPS = 5


@dataclass(frozen=True)
class Bar:
    """One row of bars: a value for each series, None where it is unknown or withheld."""

    name: str
    values: Sequence[Number | None]
    is_withheld: bool = False


@dataclass(frozen=True)
class Series:
    """What a colour means. `css` is its class in the style sheet."""

    zh: str
    en: str
    css: str


def bars(name: str, title: tuple[str, str], rows: Sequence[Bar], series: Sequence[Series], kind: str = "count") -> str:
    """Horizontal bars side by side, one row for each of `rows`, all on one scale from 0."""
    longest = max((float(value) for row in rows for value in row.values if value is not None), default=0.0)
    if longest <= 0:
        return _figure(name, title, series, nothing(is_withheld=any(map(_hides, rows))))
    drawn = "".join(_bar(row, series, longest, kind) for row in rows)
    return _figure(name, title, series, f'<div class="bars">{drawn}</div>')


def _bar(row: Bar, series: Sequence[Series], longest: float, kind: str) -> str:
    tracks = "".join(
        f'<span class="track">{_shape([(value, each)], longest, row.name, kind)}</span>'
        f"{figure_of(value, kind, is_withheld=row.is_withheld, css='figure')}"
        for value, each in zip(row.values, series, strict=True)
    )
    return f'<div class="bar"><span class="name">{escape(row.name)}</span><span class="tracks">{tracks}</span></div>'


def stacks(name: str, title: tuple[str, str], rows: Sequence[Bar], series: Sequence[Series]) -> str:
    """One bar a row, as long as the page is wide, cut into its parts; the number beside it is their sum, and withheld
    where one of them is."""
    shown = [row for row in rows if sum(value or 0 for value in row.values) > 0]
    if not shown:
        return _figure(name, title, series, nothing(is_withheld=any(map(_hides, rows))))
    drawn = "".join(_stack(row, series) for row in shown)
    return _figure(name, title, series, f'<div class="bars">{drawn}</div>')


def _stack(row: Bar, series: Sequence[Series]) -> str:
    known = sum(value or 0 for value in row.values)
    parts = _shape(list(zip(row.values, series, strict=True)), float(known), row.name, "count")
    total = None if _hides(row) else known
    return (
        f'<div class="bar"><span class="name">{escape(row.name)}</span><span class="tracks">'
        f'<span class="track whole">{parts}</span>'
        f"{figure_of(total, 'count', is_withheld=True, css='figure')}</span></div>"
    )


def _hides(row: Bar) -> bool:
    return row.is_withheld and None in row.values


def _shape(parts: Sequence[tuple[Number | None, Series]], whole: float, name: str, kind: str) -> str:
    drawn, start = [], 0.0
    for value, series in parts:
        if not value:
            continue
        width = 100 * float(value) / whole
        drawn.append(
            f'<rect class="{series.css}" x="{start:.3f}" width="{width:.3f}" height="10" data-value="{value}">'
            f"<title>{escape(f'{name} {series.zh}: {text_of(value, kind)}')}</title></rect>"
        )
        start += width
    return f'<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">{"".join(drawn)}</svg>'


def columns(
    name: str,
    title: tuple[str, str],
    days: Sequence[tuple[date, Number]],
    *,
    marked: tuple[date, date],
    ticks: Sequence[date],
) -> str:
    """A column for each day; the days from `marked[0]` to `marked[1]` stand out, `ticks` are written below."""
    highest = max((float(value) for _, value in days), default=0.0)
    if highest <= 0:
        return _figure(name, title, (), nothing())
    top = _round_up(highest)
    shapes = "".join(
        f'<rect class="{"now" if marked[0] <= day <= marked[1] else "s1"}" x="{place + 0.1:.2f}" width="0.8" '
        f'y="{100 - 100 * float(value) / top:.3f}" height="{100 * float(value) / top:.3f}" data-value="{value}" '
        f'data-day="{day}"><title>{day} {value:,}</title></rect>'
        for place, (day, value) in enumerate(days)
    )
    first, count = days[0][0], len(days)
    below = "".join(
        f'<span style="left:{100 * (tick - first).days / count:.2f}%">{tick.month}/{tick.day}</span>'
        for tick in ticks
        if 0 <= (tick - first).days < count
    )
    lines = "".join(f'<line x1="0" x2="{count}" y1="{y}" y2="{y}"/>' for y in (0, 50, 100))
    levels = "".join(f"<span>{level:,g}</span>" for level in (top, top / 2, 0))
    return _figure(
        name,
        title,
        (Series("本期", "this period", "now"), Series("其他各期", "other periods", "s1")),
        f'<div class="columns"><div class="levels">{levels}</div><div class="plot">'
        f'<svg viewBox="0 0 {count} 100" preserveAspectRatio="none" aria-hidden="true">{lines}{shapes}</svg>'
        f'<div class="ticks">{below}</div></div></div>',
    )


def _round_up(value: float) -> float:
    """The next of 1, 2, 3, 4, 6, 8 times a power of ten, so that half of it is a round number too."""
    power = 1.0
    while power * 10 <= value:
        power *= 10
    return max(2.0, next(power * factor for factor in (1, 2, 3, 4, 6, 8, 10) if power * factor >= value))


def tiles(name: str, title: tuple[str, str], values: dict[str, tuple[Number | None, bool]]) -> str:
    """The provinces as equal tiles about where they lie; darker is more. `values`: code → value, whether withheld."""
    if not values:
        return _figure(name, title, (), nothing())
    highest = max((float(value) for value, _ in values.values() if value), default=0.0)
    drawn = "".join(_tile(code, *values.get(code, (None, False)), highest) for code in TILES)
    edges = [highest * (step / STEPS) ** 2 for step in range(1, STEPS + 1)] if highest else []
    legend = "".join(
        f'<li><i class="q{step}"></i>≤ {text_of(edge, "short")}</li>' for step, edge in enumerate(edges, start=1)
    )
    return _figure(
        name,
        title,
        (),
        f'<ul class="legend">{legend}</ul><ol class="tiles" style="--columns:{COLUMNS}">{drawn}</ol>',
    )


def _tile(code: str, value: Number | None, is_withheld: bool, highest: float) -> str:
    tile = TILES[code]
    # Steps grow as squares: provinces differ by a hundred times, and even steps would leave most of them pale
    step = 0 if not value else min(STEPS, 1 + int(STEPS * (float(value) / highest) ** 0.5 - 1e-9))
    shown = figure_of(value, "short", is_withheld=is_withheld)
    place = f"grid-column:{tile.column};grid-row:{tile.row}"
    css = "hidden" if value is None and is_withheld else f"q{step}"
    return f'<li class="{css}" data-province="{code}" style="{place}"><b>{tile.name}</b>{shown}</li>'


def _figure(name: str, title: tuple[str, str], series: Sequence[Series], content: str) -> str:
    legend = ""
    if len(series) > 1:
        items = "".join(f'<li><i class="{each.css}"></i>{label(each.zh, each.en)}</li>' for each in series)
        legend = f'<ul class="legend">{items}</ul>'
    return f'<figure data-chart="{name}"><figcaption>{label(*title)}</figcaption>{legend}{content}</figure>'
