"""The published cells as flat arrays, and the sums that tie them together.

    rows of the marts → Grid (every combination of a mart's keys) → CellTable (values, who may be hidden) + Relations

A mart without a row for some keys says "zero" there, so absent rows are cells too, of value 0: they can be withheld
like any other (a row is then added). Cells of all marts share one numbering, in the order marts, columns, keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from orchestration.publishing.errors import DisclosureError
from orchestration.publishing.specification import (
    NATION,
    NATION_COLUMN,
    CellRange,
    Link,
    Mart,
    RunningTotal,
    Specification,
    Total,
)

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.str_]

# A mart whose keys multiply to more cells than this is no cross table; its suppression needs another way.
MAX_GRID_CELLS = 20_000_000
_PERIOD, _DAY = "period_start", "day"


@dataclass(frozen=True)
class Labels:
    """A key column: its distinct values in order, as text, and for each row the number of its own."""

    members: Texts
    codes: Ints

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> Labels:
        """Of a column without NULLs, of any type that can be told as text."""
        encoded = column.combine_chunks().cast(pa.string()).dictionary_encode()
        members = np.array(encoded.dictionary.to_pylist(), dtype=np.str_)
        order = np.argsort(members)
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        return cls(members[order], rank[np.asarray(encoded.indices)])


@dataclass(frozen=True)
class MartRows:
    """A mart as read: its keys, and one array of floats per count or sum (NaN for NULL), all as long."""

    keys: Mapping[str, Labels]
    values: Mapping[str, Floats]

    @property
    def rows_count(self) -> int:
        return len(next(iter(self.keys.values())).codes)


class Grid:
    """Every combination of a mart's key values, numbered in key order; `rows` has the mart's row of each, or -1."""

    def __init__(self, mart: str, rows: MartRows, members: Mapping[str, Texts] | None = None) -> None:
        """`members`: of each key those that the grid has, at least the rows' own; default: just these."""
        self.mart = mart
        self.keys = tuple(rows.keys)
        self.members: dict[str, Texts] = {key: (members or {}).get(key, rows.keys[key].members) for key in self.keys}
        self.shape = tuple(len(self.members[key]) for key in self.keys)
        self.size = int(np.prod(self.shape))
        if self.size > MAX_GRID_CELLS:
            raise DisclosureError(f"marts.{mart}: its keys {', '.join(self.keys)} multiply to {self.size:,} cells")
        self.rows = np.full(self.size, -1, dtype=np.int64)
        self.place_of_row = self.places(rows)
        self.rows[self.place_of_row] = np.arange(rows.rows_count)
        if np.count_nonzero(self.rows >= 0) != rows.rows_count:
            raise DisclosureError(f"marts.{mart}: two rows with the same {', '.join(self.keys)}")

    def places(self, rows: MartRows) -> Ints:
        """The number within the grid of each row."""
        if rows.rows_count == 0:
            return np.empty(0, dtype=np.int64)
        labels = [(self.members[key], rows.keys[key]) for key in self.keys]
        codes = [np.searchsorted(members, label.members)[label.codes] for members, label in labels]
        return np.ravel_multi_index(codes, self.shape).astype(np.int64)

    def codes(self, key: str) -> Ints:
        """For each cell of the grid the number of its member of `key`."""
        axis = self.keys.index(key)
        shape = [1] * len(self.shape)
        shape[axis] = self.shape[axis]
        codes = np.arange(self.shape[axis], dtype=np.int64).reshape(shape)
        return np.broadcast_to(codes, self.shape).reshape(-1)

    def equals(self, wanted: Mapping[str, Iterable[str]]) -> Bools:
        """The cells whose keys have one of the wanted values."""
        chosen = np.ones(self.size, dtype=bool)
        for key, values in wanted.items():
            if key in self.keys:
                chosen &= np.isin(self.members[key], np.array(list(values), dtype=np.str_))[self.codes(key)]
        return chosen

    def until(self, time: str | None, last_day: date | None) -> Bools:
        """The cells whose day or period has begun on `last_day`, the day of the marts' clock: a past moment has no rows
        of later ones, though a publication since then has. Without one of the two: all cells."""
        if time is None or last_day is None:
            return np.ones(self.size, dtype=bool)
        return (self.members[time] <= last_day.isoformat())[self.codes(time)]

    def across(self, keys: Iterable[str]) -> Ints:
        """A number for each cell that is equal for cells with equal values of `keys`."""
        number = np.zeros(self.size, dtype=np.int64)
        for key in keys:
            number = number * len(self.members[key]) + self.codes(key)
        return number


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


@dataclass
class CellTable:
    """The cells of all marts. A `slot` is a unit of one row: its cells are hidden together."""

    value: Floats
    slot: Ints
    is_count: Bools
    is_fixed: Bools  # never hidden: of a fixed slot, or NULL in the mart itself
    is_virtual: Bools  # of a row that the mart doesn't have
    slot_is_fixed: Bools  # of the nation's rows, and of rows that hold no such count
    blocks: dict[tuple[str, str], slice] = field(default_factory=dict)  # (mart, column) → its cells
    units: dict[tuple[str, str], slice] = field(default_factory=dict)  # (mart, unit) → its slots

    @property
    def size(self) -> int:
        return len(self.value)

    @property
    def slots_count(self) -> int:
        return len(self.slot_is_fixed)


def build_grids(
    specification: Specification, marts: Mapping[str, MartRows], earlier: Iterable[Mapping[str, MartRows]] = ()
) -> dict[str, Grid]:
    """A grid for each mart that has units, wide enough for the rows of earlier publications too."""
    layers = list(earlier)
    members: dict[str, dict[str, Texts]] = {}
    for name, rows in marts.items():
        if specification.marts[name].units:
            of_all = [rows, *(layer[name] for layer in layers if name in layer)]
            members[name] = {
                key: np.unique(np.concatenate([each.keys[key].members for each in of_all])) for key in rows.keys
            }
    _share_members(specification, members)
    return {name: Grid(name, marts[name], of_mart) for name, of_mart in members.items()}


def _share_members(specification: Specification, members: dict[str, dict[str, Texts]]) -> None:
    """Give linked marts the same members of the keys that they share: a province that one of them has no row of is a
    sum of zero there, which tells of the other mart as any sum does. Days and periods are each mart's own."""
    links = [link for link in specification.links if _names(link) <= set(members)]
    is_settled = False
    while not is_settled:
        is_settled = True
        for link in links:
            one, other = members[link.total.mart], members[link.parts.mart]
            times = {specification.marts[name].time for name in _names(link)}
            for key in (one.keys() & other.keys()) - link.total.where.keys() - link.parts.where.keys() - times:
                both = np.union1d(one[key], other[key])
                is_settled &= len(both) == len(one[key]) == len(other[key])
                one[key] = other[key] = both


def build_cells(specification: Specification, marts: Mapping[str, MartRows], grids: Mapping[str, Grid]) -> CellTable:
    """Lay the marts' values out over their grids."""
    values: list[Floats] = [np.empty(0)]
    slots: list[Ints] = [np.empty(0, dtype=np.int64)]
    counts: list[Bools] = [np.empty(0, dtype=bool)]
    nulls, virtual, slots_fixed = list(counts), list(counts), list(counts)
    blocks: dict[tuple[str, str], slice] = {}
    units: dict[tuple[str, str], slice] = {}
    cells_count = slots_count = 0
    for name, grid in grids.items():
        mart, rows = specification.marts[name], marts[name]
        is_nation = grid.equals({NATION_COLUMN: [NATION]}) if NATION_COLUMN in grid.keys else np.zeros(grid.size, bool)
        for unit_name, unit in mart.units.items():
            units[name, unit_name] = slice(slots_count, slots_count + grid.size)
            slots_fixed.append(is_nation | ~grid.equals(unit.where))
            for column in (*unit.counts, *unit.sums):
                value, is_null = laid_out(grid, rows, column)
                values.append(value)
                slots.append(np.arange(slots_count, slots_count + grid.size, dtype=np.int64))
                counts.append(np.full(grid.size, column in unit.counts))
                nulls.append(is_null)
                virtual.append(grid.rows < 0)
                blocks[name, column] = slice(cells_count, cells_count + grid.size)
                cells_count += grid.size
            slots_count += grid.size
    slot = np.concatenate(slots)
    slot_is_fixed = np.concatenate(slots_fixed)
    return CellTable(
        value=np.concatenate(values),
        slot=slot,
        is_count=np.concatenate(counts),
        is_fixed=slot_is_fixed[slot] | np.concatenate(nulls),
        is_virtual=np.concatenate(virtual),
        slot_is_fixed=slot_is_fixed,
        blocks=blocks,
        units=units,
    )


def laid_out(grid: Grid, rows: MartRows, column: str) -> tuple[Floats, Bools]:
    """A column over the grid: 0 where there is no row or no value, and which cells have a row but no value."""
    value = np.zeros(grid.size)
    value[grid.places(rows)] = rows.values[column]
    is_null = np.isnan(value)
    value[is_null] = 0.0
    return value, is_null


@dataclass(frozen=True)
class EarlierLayer:
    """An earlier publication over the same cells: values (NaN where it could hold no such cell), what was hidden, and
    which values were settled: of a period or day that was over then. A settled value that hasn't changed since is taken
    as known to be the same; an unsettled one may always have grown. `is_secret`: see `secrets_of`."""

    value: Floats
    is_hidden: Bools
    is_settled: Bools
    is_secret: Bools


def secrets_of(specification: Specification, grids: Mapping[str, Grid], cells: CellTable, value: Floats) -> Bools:
    """The cells that are small counts in `value`, or hours and amounts of such: what hiding is for. Other hidden cells
    only stand beside them."""
    is_small = cells.is_count & (value > 0) & (value < specification.smallest_shown) & ~cells.is_fixed
    has_small = np.zeros(cells.slots_count, dtype=bool)
    has_small[cells.slot[is_small]] = True
    for name in grids:
        for unit_name, unit in specification.marts[name].units.items():
            for followed in unit.follows:
                has_small[cells.units[name, unit_name]] |= has_small[cells.units[name, followed]]
    return is_small | ~cells.is_count & has_small[cells.slot] & ~cells.is_fixed


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
        _link(link, specification, grids, cells, matters) for link in specification.links if _names(link) <= set(grids)
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


def _names(link: Link) -> set[str]:
    return {link.total.mart, link.parts.mart}


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
