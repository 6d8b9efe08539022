"""The sums that tie the published cells together: within a mart, along its periods, across marts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from orchestration.publishing.disclosure.cells import CellTable, EarlierLayer
from orchestration.publishing.disclosure.grids import Bools, Floats, Grid, Ints
from orchestration.publishing.errors import DisclosureError
from orchestration.publishing.specification import CellRange, Link, Mart, RunningTotal, Specification, Total

_PERIOD, _DAY = "period_start", "day"


@dataclass(frozen=True)
class Relation:
    """Sums: in each `equation` the terms `sign` × `cell` add up to something known, 0 or a total that isn't a cell."""

    name: str
    equation: Ints
    cell: Ints
    is_total: Bools
    sign: Floats

    @cached_property
    def equations_count(self) -> int:
        return int(self.equation.max()) + 1 if len(self.equation) else 0

    def among(self, cells: Bools) -> Relation:
        """The sums less the terms of all other cells; equations are numbered anew, in their order."""
        at = cells[self.cell]
        equation = dense(self.equation[at])
        return Relation(self.name, equation, self.cell[at], self.is_total[at], self.sign[at])


def build_relations(
    specification: Specification,
    grids: Mapping[str, Grid],
    cells: CellTable,
    matters: Bools,
    earlier: Iterable[EarlierLayer] = (),
) -> list[Relation]:
    """Every sum that the specification names, in its order: within a mart, along its periods, across marts.

    Less the parts that don't matter (`matters`, by cell): most cells are zeros that no step ever hides. Totals stay,
    since an earlier publication that lacked one says nothing of its sum."""
    values = [cells.value, *(layer.value for layer in earlier)]
    relations: list[Relation] = []
    for name, grid in grids.items():
        mart = specification.marts[name]
        columns = _independent_columns(name, mart, specification, cells, values)
        relations += [_total(grid, total, columns, cells, matters) for total in mart.totals]
        relations += [_running(grid, mart, running, cells, matters) for running in mart.running_totals]
    relations += [
        _link(link, specification, grids, cells, matters) for link in specification.links if link.marts <= set(grids)
    ]
    return [relation for relation in relations if len(relation.cell)]


def _independent_columns(
    name: str, mart: Mart, specification: Specification, cells: CellTable, values: list[Floats]
) -> list[str]:
    """The counts and sums of a mart, less each count that is, and always was, 0 exactly where another of its unit is:
    hidden with that one, and in no sum but the same ones, it is as safe."""
    elsewhere = {column for running in mart.running_totals for column in running.columns}
    elsewhere |= {side.column for link in specification.links for side in (link.total, link.parts) if side.mart == name}
    kept: list[str] = []
    for unit in mart.units.values():
        patterns: set[bytes] = set()
        # Those that are also in other sums first: they stay in any case
        for column in sorted(unit.counts, key=lambda column: column not in elsewhere):
            pattern = b"".join(np.packbits(value[cells.blocks[name, column]] != 0).tobytes() for value in values)
            if column in elsewhere or pattern not in patterns:
                kept.append(column)
            patterns.add(pattern)
        kept += unit.sums
    return kept


def _total(grid: Grid, total: Total, columns: list[str], cells: CellTable, matters: Bools) -> Relation:
    """One equation for each column and each combination of the other keys."""
    members = grid.members[total.column]
    is_total_member = members == total.total if total.total is not None else np.zeros(len(members), dtype=bool)
    is_part = np.isin(members, np.array(total.parts, dtype=np.str_)) if total.parts else ~is_total_member
    is_part &= ~np.isin(members, np.array(total.without, dtype=np.str_)) & ~is_total_member
    if not grid.size or not is_part.any() or (total.total is not None and not is_total_member.any()):
        return _none(f"{grid.mart} by {total.column}")
    code = grid.codes(total.column)
    chosen = np.flatnonzero((is_part | is_total_member)[code])
    is_total = is_total_member[code[chosen]]
    within = dense(grid.across(key for key in grid.keys if key != total.column)[chosen])
    width = int(within.max()) + 1
    terms = []
    for number, column in enumerate(columns):
        cell = chosen + cells.blocks[grid.mart, column].start
        kept = is_total | matters[cell]
        terms.append((within[kept] + width * number, cell[kept], is_total[kept]))
    return _sum(f"{grid.mart} by {total.column}", *(np.concatenate(part) for part in zip(*terms, strict=True)))


def _running(grid: Grid, mart: Mart, running: RunningTotal, cells: CellTable, matters: Bools) -> Relation:
    """One equation for each cell: the total here, the total one step before, what was added here."""
    assert mart.time is not None
    step = int(np.prod(grid.shape[grid.keys.index(mart.time) + 1 :]))
    here = np.arange(grid.size, dtype=np.int64)
    later = here[grid.codes(mart.time) > 0]
    start = {column: cells.blocks[grid.mart, column].start for column in running.columns}
    terms = [
        (here, start[running.total], 1.0),
        (later, start[running.total] - step, -1.0),
        (here, start[running.of], -1.0),
    ]
    terms += [(here, start[running.less], 1.0)] if running.less else []
    # The first term is the total; of the others those that matter.
    terms = [
        (at[matters[at + offset]] if number else at, offset, sign) for number, (at, offset, sign) in enumerate(terms)
    ]
    return Relation(
        f"{grid.mart}: {running.total} along {mart.time}",
        np.concatenate([at for at, _, _ in terms]),
        np.concatenate([at + offset for at, offset, _ in terms]),
        np.concatenate([np.full(len(at), number == 0) for number, (at, _, _) in enumerate(terms)]),
        np.concatenate([np.full(len(at), sign) for at, _, sign in terms]),
    )


def _link(
    link: Link, specification: Specification, grids: Mapping[str, Grid], cells: CellTable, matters: Bools
) -> Relation:
    """One equation for each cell of the total that has all its parts, where an absent one isn't zero."""
    name = f"{link.total.mart}.{link.total.column} = {link.parts.mart}.{link.parts.column}"
    of, parts = grids[link.total.mart], grids[link.parts.mart]
    targets = np.zeros(parts.size, dtype=np.int64)
    is_matched = parts.equals(_listed(link.parts))
    for key in of.keys:
        codes = _target_codes(key, link, of, parts)
        if codes is None:
            return _none(name)
        is_matched &= codes >= 0
        targets = targets * len(of.members[key]) + codes
    is_told = _says(of, specification)
    is_told[targets[is_matched & ~_says(parts, specification)]] = False
    part_cells = np.flatnonzero(is_matched & is_told[targets])
    totals = np.unique(targets[part_cells])
    total_start = cells.blocks[link.total.mart, link.total.column].start
    parts_start = cells.blocks[link.parts.mart, link.parts.column].start
    part_cells = part_cells[matters[part_cells + parts_start]]
    equation = np.searchsorted(totals, targets[part_cells])
    return _sum(
        name,
        np.concatenate([np.arange(len(totals)), equation]),
        np.concatenate([totals + total_start, part_cells + parts_start]),
        np.concatenate([np.ones(len(totals), bool), np.zeros(len(part_cells), bool)]),
    )


def _says(grid: Grid, specification: Specification) -> Bools:
    """The cells of which the mart says something: those of its rows, and of others where an absent row is a zero."""
    return (grid.rows >= 0) | specification.marts[grid.mart].absent_is_zero


def _target_codes(key: str, link: Link, of: Grid, parts: Grid) -> Ints | None:
    """For each cell of `parts` its member of the total's `key`, -1 where it has none; None: the total has no such."""
    members = of.members[key]
    if key in link.total.where:
        at = np.flatnonzero(members == link.total.where[key])
        return np.full(parts.size, at[0], dtype=np.int64) if len(at) else None
    if key == _PERIOD and _DAY in parts.keys:
        found = np.searchsorted(members, parts.members[_DAY], side="right") - 1
        return found.astype(np.int64)[parts.codes(_DAY)]
    if key not in parts.keys:
        raise DisclosureError(
            f"disclosure.yml: links: {of.mart} has the key {key}, {parts.mart} doesn't; name it in where"
        )
    at = np.searchsorted(members, parts.members[key])
    at_or_last = np.minimum(at, len(members) - 1)
    return np.where(members[at_or_last] == parts.members[key], at_or_last, -1).astype(np.int64)[parts.codes(key)]


def _listed(cells: CellRange) -> dict[str, list[str]]:
    return {key: [value] for key, value in cells.where.items()}


def _sum(name: str, equation: Ints, cell: Ints, is_total: Bools) -> Relation:
    return Relation(
        name,
        equation.astype(np.int64),
        cell.astype(np.int64),
        is_total,
        np.where(is_total, 1.0, -1.0).astype(np.float64),
    )


def _none(name: str) -> Relation:
    nothing = np.empty(0, dtype=np.int64)
    return _sum(name, nothing, nothing, nothing.astype(bool))


def dense(numbers: Ints) -> Ints:
    """The same numbers, none negative, counted from 0 without gaps."""
    is_there = np.zeros(int(numbers.max(initial=-1)) + 1, dtype=bool)
    is_there[numbers] = True
    return (np.cumsum(is_there) - 1)[numbers]
