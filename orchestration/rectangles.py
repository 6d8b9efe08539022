"""Cells of a grid as few rectangles: Dagster asks for a range of period × sender, and such a range is a rectangle."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

Rectangle = tuple[tuple[str, ...], tuple[str, ...]]


def rectangles(cells: Collection[tuple[str, str]], rows: Sequence[str], columns: Sequence[str]) -> list[Rectangle]:
    """`cells` (row, column) cut into rectangles of consecutive `rows` and `columns`, which together are exactly them.

    A whole grid is one rectangle; equal stretches of neighbouring rows become one. Not always the fewest possible.
    """
    own: dict[str, set[str]] = {}
    for row, column in cells:
        own.setdefault(row, set()).add(column)
    stretches: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        if row in own:
            for stretch in _consecutive(own[row], columns):
                stretches.setdefault(stretch, []).append(row)
    return [(part, stretch) for stretch, of_rows in stretches.items() for part in _consecutive(set(of_rows), rows)]


def _consecutive(chosen: set[str], order: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """`chosen` in `order`, cut where it leaves out members."""
    run: list[str] = []
    for name in order:
        if name in chosen:
            run.append(name)
        elif run:
            yield tuple(run)
            run = []
    if run:
        yield tuple(run)
