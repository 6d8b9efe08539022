"""The published cells as flat arrays.

    Grid (every combination of a mart's keys) → CellTable (values, who may be hidden)

A mart without a row for some keys says "zero" there, so absent rows are cells too, of value 0: they can be withheld
like any other (a row is then added). Cells of all marts share one numbering, in the order marts, columns, keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from orchestration.publishing.disclosure.grids import Bools, Floats, Grid, Ints, MartRows
from orchestration.publishing.specification import NATION, NATION_COLUMN, Specification


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
