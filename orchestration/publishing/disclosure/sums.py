"""Sums among cells, and which cell of each would be hidden next."""

from __future__ import annotations

import numpy as np

from orchestration.publishing.disclosure.cells import CellTable
from orchestration.publishing.disclosure.grids import Bools, Floats, Ints
from orchestration.publishing.disclosure.hiding import Hiding
from orchestration.publishing.disclosure.relations import Relation

# Which cell of a sum is hidden first. Zeros come last, since a zero is to stay where it can; a total of zero comes
# before its parts, since zero parts of a published zero protect nothing.
_PART, _TOTAL, _ZERO_TOTAL, _ZERO_PART, _ZERO_WITHOUT_ROW = range(5)


class Sum:
    """A relation, and the cells of each of its equations in the order in which they would be hidden.

    `unknowns` and `secrets` count what each equation holds beside its cells: values of an earlier publication that are
    not known, and those of them that must not become so.
    """

    def __init__(
        self,
        relation: Relation,
        cells: CellTable,
        units: Ints,
        withhold_zeros: bool,
        unknowns: Ints | None = None,
        secrets: Ints | None = None,
    ) -> None:
        self.relation = relation
        self.units = units
        # After which change it was looked at last, and needed nothing
        self.settled_at = -1
        nothing = np.zeros(relation.equations_count, dtype=np.int64)
        self.unknowns = nothing if unknowns is None else unknowns
        self.secrets = nothing if secrets is None else secrets
        may_hide = ~cells.is_fixed[relation.cell] & (withhold_zeros | (cells.value[relation.cell] != 0))
        equation, cell = relation.equation[may_hide], relation.cell[may_hide]
        is_zero, is_total = cells.value[cell] == 0, relation.is_total[may_hide]
        rank = np.where(
            is_zero,
            np.where(is_total, _ZERO_TOTAL, np.where(cells.is_virtual[cell], _ZERO_WITHOUT_ROW, _ZERO_PART)),
            np.where(is_total, _TOTAL, _PART),
        )
        order = np.lexsort((cell, cells.value[cell], rank, equation))
        self._equation, self._cell, self._rank = equation[order], cell[order], rank[order]
        self._start = np.searchsorted(self._equation, np.arange(relation.equations_count + 1))
        self._by_cell = np.argsort(relation.cell, kind="stable")
        self._cell_in_order = relation.cell[self._by_cell]
        self._counted_at = 0
        self._was_hidden, self._was_unknown = (np.zeros(len(relation.cell), dtype=bool) for _ in range(2))
        self._hidden, self._unknown = nothing.copy(), nothing.copy()

    def gaps(self, hiding: Hiding) -> tuple[Ints, Ints]:
        """How many hidden cells each equation has, and how many of them unknown. Brought up to date by what has changed
        since the last call, which mostly is a few cells among a million."""
        changes = hiding.changed_since(self._counted_at)
        self._counted_at = hiding.moment
        at = self._entries_of(changes) if sum(map(len, changes)) < len(self._by_cell) // 8 else self._by_cell
        for counts, was, now in (
            (self._hidden, self._was_hidden, hiding.is_hidden),
            (self._unknown, self._was_unknown, hiding.is_unknown),
        ):
            is_now = now[self.relation.cell[at]]
            is_other = is_now != was[at]
            np.add.at(counts, self.relation.equation[at[is_other]], np.where(is_now[is_other], 1, -1))
            was[at] = is_now
        return self._hidden, self._unknown

    def _entries_of(self, changes: list[Ints]) -> Ints:
        cells = np.sort(np.concatenate([np.empty(0, dtype=np.int64), *changes]))
        cells = cells[np.diff(cells, prepend=-1) > 0]
        starts = np.searchsorted(self._cell_in_order, cells, side="left")
        return self._by_cell[_ranges(starts, np.searchsorted(self._cell_in_order, cells, side="right"))]

    def count(self, chosen: Bools) -> Ints:
        """How many chosen cells each equation has."""
        relation = self.relation
        weights = chosen[relation.cell]
        return np.bincount(relation.equation, weights=weights, minlength=relation.equations_count).astype(np.int64)

    def told_by_ones(self, hiding: Hiding, cells: CellTable) -> Bools:
        """The equations whose unknown cells are all counts of 1 on the same side: as many as what they add up to, so
        that each must be 1, since no zero is hidden."""
        relation = self.relation
        at = np.flatnonzero(hiding.is_unknown[relation.cell])
        equation, cell = relation.equation[at], relation.cell[at]
        is_one = cells.is_count[cell] & (cells.value[cell] == 1)
        side = relation.sign[at] * is_one
        added = np.bincount(equation, weights=side, minlength=relation.equations_count)
        unknown = np.bincount(equation, minlength=relation.equations_count)
        return (unknown > 0) & (np.abs(added) == unknown)

    def touched(self, chosen: Bools) -> Bools:
        """The equations that hold a chosen cell."""
        is_touched = np.zeros(self.relation.equations_count, dtype=bool)
        is_touched[self.relation.equation[chosen[self.relation.cell]]] = True
        return is_touched

    def first(self, is_wanted: Bools, may_take: Bools) -> tuple[Ints, Ints, Ints]:
        """Of each wanted equation the first cell that may be taken: equations, cells, ranks."""
        wanted = np.flatnonzero(is_wanted)
        at = _ranges(self._start[wanted], self._start[wanted + 1])
        at = at[may_take[self._cell[at]]]
        equations, first = np.unique(self._equation[at], return_index=True)
        chosen = at[first]
        return equations, self._cell[chosen], self._rank[chosen]


def _ranges(starts: Ints, ends: Ints) -> Ints:
    """The numbers from each start to before its end, one after the other."""
    lengths = ends - starts
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(int(lengths.sum()))


class Best:
    """For each wanted cell the best of the cells that its sums offer."""

    def __init__(self, cells: CellTable) -> None:
        self._cells = cells
        self._offers: list[tuple[Ints, Ints, Ints]] = []

    def offer(self, relation: Relation, equations: Ints, offered: Ints, ranks: Ints, wanted: Bools) -> None:
        of_equation = np.full(relation.equations_count, -1, dtype=np.int64)
        of_equation[equations] = np.arange(len(equations))
        number = of_equation[relation.equation]
        at = np.flatnonzero(wanted[relation.cell] & (number >= 0))
        number = number[at]
        self._offers.append((relation.cell[at], offered[number], ranks[number]))

    def chosen(self) -> tuple[Ints, Bools]:
        """The cells to hide, and which wanted cells they are for."""
        nothing = np.empty(0, dtype=np.int64)
        offers = [(nothing, nothing, nothing), *self._offers]
        wanted, offered, ranks = (np.concatenate(column) for column in zip(*offers, strict=True))
        order = np.lexsort((offered, self._cells.value[offered], ranks, wanted))
        helped, first = np.unique(wanted[order], return_index=True)
        is_helped = np.zeros(self._cells.size, dtype=bool)
        is_helped[helped] = True
        return np.unique(offered[order][first]), is_helped


class Terms:
    """Gathers the terms of several relations as one system of equations."""

    def __init__(self) -> None:
        nothing = np.empty(0, dtype=np.int64)
        self._parts: list[tuple[Ints, Ints, Floats]] = [(nothing, nothing, nothing.astype(np.float64))]
        self._count = 0

    def add(self, relation: Relation, equation: Ints, variable: Ints, coefficient: Floats) -> None:
        """Equations numbered as in `relation`: so the same one has the same number however few terms it has."""
        self._parts.append((equation + self._count, variable, coefficient))
        self._count += relation.equations_count

    def arrays(self) -> tuple[Ints, Ints, Floats]:
        """Equation, variable and coefficient of each term."""
        equation, variable, coefficient = (np.concatenate(column) for column in zip(*self._parts, strict=True))
        return equation, variable, coefficient
