"""Which cells are hidden at a moment of the suppression: `suppression.py` decides, this keeps the state.

Hiding goes by slots, a unit of one row; thousands of steps hide a few cells each among a million. So what is known of
the cells is brought up to date for the units concerned alone, and a sum can ask whether any of its own has changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from orchestration.publishing.disclosure.cells import CellTable
from orchestration.publishing.disclosure.grids import Bools, Grid, Ints
from orchestration.publishing.specification import Specification

Levels = npt.NDArray[np.uint8]
# Of a slot: shown; its non-zero counts and all its sums are NULL; its zero counts too.
SHOWN, HIDDEN, HIDDEN_WITH_ZEROS = 0, 1, 2


@dataclass(frozen=True)
class _Unit:
    """A unit of a mart: its slots, and where the cells of its columns are."""

    slots: slice
    blocks: tuple[slice, ...]


@dataclass(frozen=True)
class _Follower:
    """A unit hidden wherever one of `leaders` is, as far as `rows` says; within a `group` all rows or none, of those
    that the mart has (`is_there`)."""

    unit: int
    leaders: tuple[int, ...]
    rows: Bools
    group: Ints | None
    is_there: Bools


class Hiding:
    """The level of each slot, and for each cell whether it is hidden, known all the same, or could still be hidden.

    The arrays are for reading and change with `hide` and `give_up`.
    """

    def __init__(
        self, specification: Specification, grids: Mapping[str, Grid], cells: CellTable, is_known: Bools
    ) -> None:
        self._cells = cells
        self._units = [
            _Unit(slots, _blocks(specification, cells, name, unit_name))
            for (name, unit_name), slots in cells.units.items()
        ]
        self._unit_of_slot = np.zeros(cells.slots_count, dtype=np.int64)
        for number, unit in enumerate(self._units):
            self._unit_of_slot[unit.slots] = number
        self._followers = list(_followers(specification, grids, cells))
        self._may_be_hidden: Bools = ((cells.value != 0) | ~cells.is_count) & ~cells.is_fixed
        self._moment = 0
        self._changed_at = np.zeros(len(self._units), dtype=np.int64)
        # Of each moment the cells that were hidden or given up
        self._changes: list[Ints] = []
        self.level: Levels = np.zeros(cells.slots_count, dtype=np.uint8)
        self.is_known = is_known
        self.is_hidden: Bools = np.zeros(cells.size, dtype=bool)
        # Hidden, and not known all the same
        self.is_unknown: Bools = np.zeros(cells.size, dtype=bool)
        # Neither hidden nor known
        self.may_take: Bools = ~is_known

    def may_ever(self, withhold_zeros: bool, hidden_before: Iterable[Bools] = ()) -> Bools:
        """The cells that any step may hide, and some more: most cells are zeros in rows of nothing but zeros, which
        stay. `hidden_before`: what earlier publications hid, perhaps zeros too."""
        cells = self._cells
        if withhold_zeros:
            return ~cells.is_fixed
        slots = np.zeros(cells.slots_count, dtype=bool)
        slots[cells.slot[(cells.value != 0) & ~cells.is_fixed]] = True
        for follower in self._followers:
            slots[self._units[follower.unit].slots] = True
        for is_hidden in hidden_before:
            slots[cells.slot[is_hidden]] = True
        return slots[cells.slot] & ~cells.is_fixed

    def units_of(self, cells: Ints) -> Ints:
        """The units that these cells belong to."""
        is_there = np.zeros(len(self._units), dtype=bool)
        is_there[self._unit_of_slot[self._cells.slot[cells]]] = True
        return np.flatnonzero(is_there)

    def has_changed(self, units: Ints, since: int) -> bool:
        """Whether a cell of these units was hidden, or any given up, after the moment `since`."""
        return bool((self._changed_at[units] > since).any())

    def changed_since(self, moment: int) -> list[Ints]:
        """The cells that were hidden or given up after it, change by change."""
        return self._changes[moment:]

    @property
    def moment(self) -> int:
        """How many changes there were."""
        return self._moment

    def hide(self, chosen: Ints) -> None:
        """Hide cells, and with each its unit, and the units that follow that one."""
        if not len(chosen):
            return
        cells = self._cells
        is_zero_count = (cells.value[chosen] == 0) & cells.is_count[chosen]
        levels = np.where(is_zero_count, HIDDEN_WITH_ZEROS, HIDDEN).astype(np.uint8)
        np.maximum.at(self.level, cells.slot[chosen], levels)
        changed = set(self.units_of(chosen).tolist())
        for follower in self._followers:
            if not changed.isdisjoint(follower.leaders) and self._follow(follower):
                changed.add(follower.unit)
        self._moment += 1
        self._changed_at[list(changed)] = self._moment
        self._changes.append(np.concatenate([self._refresh(self._units[number]) for number in sorted(changed)]))

    def give_up(self, cells: Bools) -> None:
        """Count these cells as known from here on."""
        if not cells.any():
            return
        self.is_known |= cells
        self._moment += 1
        self._changed_at[:] = self._moment
        self._changes.append(np.concatenate([self._refresh(unit) for unit in self._units]))

    def _follow(self, follower: _Follower) -> bool:
        """Hide what follows; whether there was anything."""
        slots = self._units[follower.unit].slots
        leads = np.any([self.level[self._units[leader].slots] >= HIDDEN for leader in follower.leaders], axis=0)
        leads &= follower.rows
        if follower.group is not None:
            leads = (np.bincount(follower.group, weights=leads) > 0)[follower.group] & follower.is_there
        leads &= ~self._cells.slot_is_fixed[slots] & (self.level[slots] == SHOWN)
        self.level[slots][leads] = HIDDEN
        return bool(leads.any())

    def _refresh(self, unit: _Unit) -> Ints:
        """Bring the unit's cells up to date; which of them are others now."""
        changed = []
        level = self.level[unit.slots]
        is_hidden, with_zeros = level >= HIDDEN, level == HIDDEN_WITH_ZEROS
        for block in unit.blocks:
            hidden = is_hidden & self._may_be_hidden[block] | with_zeros & ~self._cells.is_fixed[block]
            known = self.is_known[block]
            unknown = hidden & ~known
            is_other = (hidden != self.is_hidden[block]) | (unknown != self.is_unknown[block])
            changed.append(np.flatnonzero(is_other) + block.start)
            self.is_hidden[block], self.is_unknown[block] = hidden, unknown
            self.may_take[block] = ~hidden & ~known
        return np.concatenate([np.empty(0, dtype=np.int64), *changed])


def _blocks(specification: Specification, cells: CellTable, name: str, unit_name: str) -> tuple[slice, ...]:
    unit = specification.marts[name].units[unit_name]
    return tuple(cells.blocks[name, column] for column in (*unit.counts, *unit.sums))


def _followers(specification: Specification, grids: Mapping[str, Grid], cells: CellTable) -> Iterator[_Follower]:
    numbers = {unit: number for number, unit in enumerate(cells.units)}
    for name, grid in grids.items():
        for unit_name, unit in specification.marts[name].units.items():
            if unit.follows:
                yield _Follower(
                    numbers[name, unit_name],
                    tuple(numbers[name, followed] for followed in unit.follows),
                    grid.equals(unit.followed_where),
                    grid.across(unit.same_within) if unit.same_within else None,
                    grid.rows >= 0,
                )
