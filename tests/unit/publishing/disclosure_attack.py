"""Somebody who has the published copies and solves for what is hidden, in exact arithmetic and by equations of his own.

He knows what the columns mean (marts.md), reads an absent row as zero, and shares no code with the suppression.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

NATION, ALL = "000000", "_all"
Key = tuple[str, ...]
# (mart, column) → key → published value; None: withheld. An absent key is a zero.
Published = Mapping[tuple[str, str], Mapping[Key, float | None]]
Cell = tuple[str, str, Key]


def determined(published: Published, equations: Iterable[Mapping[Cell, int]]) -> set[Cell]:
    """The withheld cells that have one value only in all solutions of the equations (each: sum of sign × cell = 0)."""
    rows = [
        {cell: Fraction(sign) for cell, sign in equation.items() if is_withheld(published, cell)}
        for equation in equations
    ]
    reduced = _reduced([row for row in rows if row])
    # In reduced echelon form an unknown is determined exactly if it stands alone in its row
    return {next(iter(row)) for row in reduced if len(row) == 1}


def told_where_zeros_stay(published: Published, equations: Iterable[Mapping[Cell, int]]) -> set[Cell]:
    """What he finds sum by sum when he knows that no withheld count is 0: a single gap, and as many gaps on one side as
    what they add up to, each of which is then 1; again and again, with what he has found."""
    sums = [{cell: sign for cell, sign in equation.items() if is_withheld(published, cell)} for equation in equations]
    rests = [
        sum(-sign * (published[cell[:2]].get(cell[2], 0) or 0) for cell, sign in equation.items())
        for equation in equations
    ]
    found: dict[Cell, float] = {}
    before = -1
    while len(found) > before:
        before = len(found)
        for gaps, rest in zip(sums, rests, strict=True):
            left = {cell: sign for cell, sign in gaps.items() if cell not in found}
            value = rest - sum(sign * found[cell] for cell, sign in gaps.items() if cell in found)
            is_counted = all(column != "study_hours" for _, column, _ in left)
            if len(left) == 1 or (is_counted and len(set(left.values())) == 1 and abs(value) == len(left)):
                found |= {cell: value / (sign * len(left)) for cell, sign in left.items()}
    return set(found)


def is_withheld(published: Published, cell: Cell) -> bool:
    mart, column, key = cell
    return published[mart, column].get(key, 0) is None


def _reduced(rows: list[dict[Cell, Fraction]]) -> list[dict[Cell, Fraction]]:
    done: list[tuple[Cell, dict[Cell, Fraction]]] = []
    for row in rows:
        row = dict(row)
        for pivot, other in done:
            _subtract(row, other, pivot)
        if not row:
            continue
        pivot = next(iter(row))
        factor = row[pivot]
        row = {cell: value / factor for cell, value in row.items()}
        for _, other in done:
            _subtract(other, row, pivot)
        done.append((pivot, row))
    return [row for _, row in done]


def _subtract(row: dict[Cell, Fraction], other: Mapping[Cell, Fraction], pivot: Cell) -> None:
    factor = row.get(pivot)
    if not factor:
        return
    for cell, value in other.items():
        left = row.get(cell, Fraction(0)) - factor * value
        if left:
            row[cell] = left
        else:
            row.pop(cell, None)


def progress_equations(
    periods: list[str], provinces: list[str], platforms: list[str], days: Mapping[str, str]
) -> list[dict[Cell, int]]:
    """What holds in registration_progress, in registration_daily, and between them. `days`: day → its period."""
    equations: list[dict[Cell, int]] = []
    progress, daily = "registration_progress", "registration_daily"
    everywhere, everyone = [NATION, *provinces], [ALL, *platforms]
    for mart, times, columns in (
        (progress, periods, PROGRESS_COLUMNS),
        (daily, list(days), DAILY_COLUMNS),
    ):
        for column in columns:
            for time in times:
                for platform in everyone:
                    total = {(mart, column, (time, NATION, platform)): 1}
                    equations.append(total | {(mart, column, (time, province, platform)): -1 for province in provinces})
                for province in everywhere:
                    total = {(mart, column, (time, province, ALL)): 1}
                    equations.append(total | {(mart, column, (time, province, platform)): -1 for platform in platforms})
    for province in everywhere:
        for platform in everyone:
            for number, period in enumerate(periods):
                for total, part in RUNNING.items():
                    equation = {(progress, total, (period, province, platform)): 1}
                    equation[progress, part, (period, province, platform)] = -1
                    if number:
                        equation[progress, total, (periods[number - 1], province, platform)] = -1
                    equations.append(equation)
                for column in ("registrations", "study_hours"):
                    equation = {(progress, column, (period, province, platform)): 1}
                    equation |= {
                        (daily, column, (day, province, platform)): -1 for day, of in days.items() if of == period
                    }
                    equations.append(equation)
    return equations


PROGRESS_COLUMNS = (
    "registrations",
    "learners",
    "cumulative_registrations",
    "cumulative_learners",
    "new_learners",
    "cancelled_registrations",
    "unverified_registrations",
    "completed_registrations",
    "study_hours",
)
DAILY_COLUMNS = ("registrations", "learners", "active_learners", "study_hours")
RUNNING = {"cumulative_registrations": "registrations", "cumulative_learners": "new_learners"}
