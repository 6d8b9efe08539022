"""Small cells: which cells a publication withholds so that none of them can be worked out.

    counts 1–4 → hidden · a sum with exactly one hidden cell → its smallest other cell is hidden too, until stable ·
    what linear algebra still finds → one more cell beside it, until nothing is found

Cells of earlier publications join in (`history.py` reads them): a cell shown before with the same value is no secret
and protects nothing, a cell hidden before with the same value stays hidden. What nothing can protect is counted and
reported: see docs/publishing.md, "What can't be protected".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from orchestration.publishing.cells import Bools, CellTable, EarlierLayer, Floats, Grid, Ints, Relation
from orchestration.publishing.deducible import deducible
from orchestration.publishing.specification import Specification

Levels = npt.NDArray[np.uint8]
# Of a slot: shown; its non-zero counts and all its sums are NULL; its zero counts too.
SHOWN, HIDDEN, HIDDEN_WITH_ZEROS = 0, 1, 2

# Which cell of a sum is hidden first. Zeros come last, since a zero is to stay where it can; a total of zero comes
# before its parts, since zero parts of a published zero protect nothing.
_PART, _TOTAL, _ZERO_TOTAL, _ZERO_PART, _ZERO_WITHOUT_ROW = range(5)
# How far from a cell that follows from others a further cell to hide is looked for, in steps from sum to sum.
_MAX_STEPS_AWAY = 4


@dataclass(frozen=True)
class Suppression:
    """What is withheld: `level` of each slot. `exposed`: slots, in order, with hidden cells that follow from published
    ones all the same; `exposed_earlier`: the same for what they held in an earlier publication."""

    level: Levels
    exposed: Ints
    exposed_earlier: Ints
    hidden_cells_count: int
    small_cells_count: int


def suppress(
    specification: Specification,
    grids: Mapping[str, Grid],
    cells: CellTable,
    relations: list[Relation],
    earlier: Iterable[EarlierLayer] = (),
) -> Suppression:
    """Decide what is hidden. Deterministic: the same cells and the same earlier layers give the same answer."""
    return _Suppressor(specification, grids, cells, relations, list(earlier)).run()


@dataclass(frozen=True)
class _Follower:
    """A unit hidden wherever one of `leaders` is, as far as `rows` says; within a `group` all rows or none."""

    slots: slice
    leaders: list[slice]
    rows: Bools
    group: Ints | None


class _Queue:
    """The cells of each equation in the order in which they would be hidden."""

    def __init__(self, relation: Relation, cells: CellTable, withhold_zeros: bool) -> None:
        may_hide = ~cells.is_fixed[relation.cell] & (withhold_zeros | (cells.value[relation.cell] != 0))
        equation, cell = relation.equation[may_hide], relation.cell[may_hide]
        is_zero, is_total = cells.value[cell] == 0, relation.is_total[may_hide]
        rank = np.where(
            is_zero,
            np.where(is_total, _ZERO_TOTAL, np.where(cells.is_virtual[cell], _ZERO_WITHOUT_ROW, _ZERO_PART)),
            np.where(is_total, _TOTAL, _PART),
        )
        order = np.lexsort((cell, cells.value[cell], rank, equation))
        self.equation, self.cell, self.rank = equation[order], cell[order], rank[order]

    def first(self, is_wanted: Bools, may_take: Bools) -> tuple[Ints, Ints, Ints]:
        """Of each wanted equation the first cell that may be taken: equations, cells, ranks."""
        at = np.flatnonzero(is_wanted[self.equation] & may_take[self.cell])
        equations, first = np.unique(self.equation[at], return_index=True)
        chosen = at[first]
        return equations, self.cell[chosen], self.rank[chosen]


class _Suppressor:
    def __init__(
        self,
        specification: Specification,
        grids: Mapping[str, Grid],
        cells: CellTable,
        relations: list[Relation],
        earlier: list[EarlierLayer],
    ) -> None:
        self.cells, self.relations, self.earlier = cells, relations, earlier
        self.queues = [_Queue(relation, cells, specification.withhold_zeros) for relation in relations]
        self.followers = list(_followers(specification, grids, cells))
        self.level: Levels = np.zeros(cells.slots_count, dtype=np.uint8)
        self.is_small = (
            cells.is_count & (cells.value > 0) & (cells.value < specification.smallest_shown) & ~cells.is_fixed
        )
        self.is_known = _known(cells, earlier)
        self.is_exposed: Bools = np.zeros(cells.size, dtype=bool)
        self.versions = _Versions(cells, earlier)

    def run(self) -> Suppression:
        self._hide(np.flatnonzero(self.is_small))
        for layer in self.earlier:
            self._hide(np.flatnonzero(layer.is_hidden & (layer.value == self.cells.value) & ~self.is_known))
        lost_earlier = np.zeros(self.cells.size, dtype=bool)
        while True:
            self._pair_up()
            follows, follows_earlier = self._deducible()
            follows_earlier &= ~lost_earlier
            if not (follows | follows_earlier).any():
                break
            beside, is_helped = self._beside(follows | follows_earlier)
            self._hide(beside)
            self._give_up(follows & ~is_helped)
            lost_earlier |= follows_earlier & ~is_helped
        return Suppression(
            self.level,
            np.unique(self.cells.slot[self.is_exposed]),
            np.unique(self.cells.slot[lost_earlier]),
            int(np.count_nonzero(self._hidden())),
            int(np.count_nonzero(self.is_small)),
        )

    def _hidden(self) -> Bools:
        cells = self.cells
        level = self.level[cells.slot]
        carries = (cells.value != 0) | ~cells.is_count
        return ((level >= HIDDEN) & carries | (level == HIDDEN_WITH_ZEROS)) & ~cells.is_fixed

    def _hide(self, chosen: Ints) -> None:
        """Hide cells, and with each its unit, and the units that follow that one."""
        cells = self.cells
        is_zero_count = (cells.value[chosen] == 0) & cells.is_count[chosen]
        levels = np.where(is_zero_count, HIDDEN_WITH_ZEROS, HIDDEN).astype(np.uint8)
        np.maximum.at(self.level, cells.slot[chosen], levels)
        for follower in self.followers:
            leads = np.any([self.level[leader] >= HIDDEN for leader in follower.leaders], axis=0) & follower.rows
            if follower.group is not None:
                leads = (np.bincount(follower.group, weights=leads) > 0)[follower.group]
            leads &= ~cells.slot_is_fixed[follower.slots]
            self.level[follower.slots] = np.maximum(self.level[follower.slots], leads.astype(np.uint8))

    def _give_up(self, cells: Bools) -> None:
        """What can't be helped protects nothing else either: from here on it counts as known."""
        self.is_exposed |= cells
        self.is_known |= cells

    def _pair_up(self) -> None:
        """Until no sum has exactly one hidden cell: hide the next one in its queue, or give up where none is left."""
        is_settled = False
        while not is_settled:
            is_settled = True
            for relation, queue in self._pairs():
                while len(chosen := self._partners(relation, queue)):
                    self._hide(chosen)
                    is_settled = False
            if is_settled and (alone := self._is_alone()).any():
                self._give_up(alone)
                is_settled = False

    def _partners(self, relation: Relation, queue: _Queue) -> Ints:
        """The next cells to hide in sums with one secret. A cell known from before is no partner for a secret, but is
        hidden where otherwise this publication alone would have a single gap."""
        hidden = self._hidden()
        secret = hidden & ~self.is_known
        count, size = relation.equations_count, relation.equation
        secrets = np.bincount(size, weights=secret[relation.cell], minlength=count)
        gaps = np.bincount(size, weights=hidden[relation.cell], minlength=count)
        _, partners, _ = queue.first((secrets == 1) | (gaps == 1), ~hidden & ~self.is_known)
        if len(partners):
            return partners
        return queue.first(gaps == 1, ~hidden)[1]

    def _deducible(self) -> tuple[Bools, Bools]:
        """Which cells follow now, and which cells had a value in an earlier publication that follows now."""
        terms, secret, size = _Terms(), self._hidden() & ~self.is_known, self.cells.size
        for relation in self.relations:
            is_term = secret[relation.cell]
            terms.add(relation, is_term, relation.cell[is_term])
        for number, layer in enumerate(self.earlier):
            for relation in self.relations:
                is_term, variable = self.versions.terms(number, layer, relation, secret)
                terms.add(relation, is_term, variable)
        found = deducible(*terms.arrays(), size + len(self.versions.cell))
        of_earlier = np.zeros(size, dtype=bool)
        of_earlier[self.versions.cell[found[size:]]] = True
        return found[:size], of_earlier

    def _beside(self, wanted: Bools) -> tuple[Ints, Bools]:
        """One more cell to hide for each wanted one, and which of them that may help.

        It comes from the wanted cell's own sums; failing that, from sums ever further away, one for all that are left.
        """
        may_take = ~self._hidden() & ~self.is_known
        best = _Best(self.cells)
        for relation, queue in self._pairs():
            best.offer(relation, *queue.first(_touched(relation, wanted), may_take), wanted)
        chosen, is_helped = best.chosen()
        left = wanted & ~is_helped
        if left.any() and (further := self._further_away(left, may_take)) is not None:
            return np.append(chosen, further), is_helped | left
        return chosen, is_helped

    def _is_alone(self) -> Bools:
        """Cells that are the only secret of a sum: what is hidden elsewhere can't help them."""
        secret = self._hidden() & ~self.is_known
        is_alone = np.zeros(self.cells.size, dtype=bool)
        for relation in self.relations:
            secrets = np.bincount(relation.equation, weights=secret[relation.cell], minlength=relation.equations_count)
            is_alone[relation.cell[(secrets == 1)[relation.equation] & secret[relation.cell]]] = True
        return is_alone

    def _further_away(self, left: Bools, may_take: Bools) -> int | None:
        reached, secret = left.copy(), self._hidden() & ~self.is_known
        for _ in range(_MAX_STEPS_AWAY):
            for relation in self.relations:
                beside = _touched(relation, reached)[relation.equation]
                reached[relation.cell[beside & secret[relation.cell]]] = True
            found = [queue.first(_touched(relation, reached), may_take) for relation, queue in self._pairs()]
            cells = np.concatenate([cell for _, cell, _ in found])
            if len(cells):
                ranks = np.concatenate([rank for _, _, rank in found])
                return int(cells[np.lexsort((cells, self.cells.value[cells], ranks))[0]])
        return None

    def _pairs(self) -> Iterator[tuple[Relation, _Queue]]:
        return zip(self.relations, self.queues, strict=True)


def _touched(relation: Relation, chosen: Bools) -> Bools:
    """The equations that hold a chosen cell."""
    is_touched = np.zeros(relation.equations_count, dtype=bool)
    is_touched[relation.equation[chosen[relation.cell]]] = True
    return is_touched


class _Best:
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
        wanted, offered, ranks = (np.concatenate(column) for column in zip(*self._offers, strict=True))
        order = np.lexsort((offered, self._cells.value[offered], ranks, wanted))
        helped, first = np.unique(wanted[order], return_index=True)
        is_helped = np.zeros(self._cells.size, dtype=bool)
        is_helped[helped] = True
        return np.unique(offered[order][first]), is_helped


class _Terms:
    """Gathers the terms of several relations as one system of equations."""

    def __init__(self) -> None:
        nothing = np.empty(0, dtype=np.int64)
        self._parts: list[tuple[Ints, Ints, Floats]] = [(nothing, nothing, nothing.astype(np.float64))]
        self._count = 0

    def add(self, relation: Relation, is_term: Bools, variable: Ints) -> None:
        self._parts.append((relation.equation[is_term] + self._count, variable, relation.sign[is_term]))
        self._count += relation.equations_count

    def arrays(self) -> tuple[Ints, Ints, Floats]:
        """Equation, variable and coefficient of each term."""
        equation, variable, sign = (np.concatenate(column) for column in zip(*self._parts, strict=True))
        return equation, variable, sign


class _Versions:
    """Values of earlier publications that are no longer the cell's: each is an unknown, or known, of its own.

    `cell`: the cell of each such unknown; two earlier publications with the same value of a cell share it.
    """

    def __init__(self, cells: CellTable, earlier: list[EarlierLayer]) -> None:
        at = [np.flatnonzero(~np.isnan(layer.value) & (layer.value != cells.value)) for layer in earlier]
        cell = np.concatenate([np.empty(0, dtype=np.int64), *at])
        value = np.concatenate([np.empty(0), *(layer.value[where] for layer, where in zip(earlier, at, strict=True))])
        hidden = np.concatenate(
            [np.empty(0, dtype=bool), *(layer.is_hidden[where] for layer, where in zip(earlier, at, strict=True))]
        )
        order = np.lexsort((value, cell))
        is_new = np.ones(len(order), dtype=bool)
        is_new[1:] = (np.diff(cell[order]) != 0) | (np.diff(value[order]) != 0)
        number = np.empty(len(order), dtype=np.int64)
        number[order] = np.cumsum(is_new) - 1
        self.cell: Ints = cell[order][is_new]
        is_shown = np.zeros(len(self.cell), dtype=bool)
        is_shown[number[~hidden]] = True
        self._cells = cells
        ends = np.cumsum([0, *(len(where) for where in at)])
        self._changed = []
        for where, start, end in zip(at, ends[:-1], ends[1:], strict=True):
            unknown = number[start:end]
            self._changed.append((where, np.where(is_shown[unknown], -1, unknown + cells.size)))

    def terms(self, number: int, layer: EarlierLayer, relation: Relation, secret: Bools) -> tuple[Bools, Ints]:
        """The terms of an earlier publication's sums, where any of their values has changed since (else the sum is the
        same as today's): which entries of the relation, and the unknown of each."""
        cells = self._cells
        where, unknowns = self._changed[number]
        unknown = np.where(secret, np.arange(cells.size), -1)
        unknown[where] = unknowns
        is_there, is_changed = ~np.isnan(layer.value), np.zeros(cells.size, dtype=bool)
        is_changed[where] = True
        matters = _touched(relation, is_changed)
        # A sum whose total that publication did not hold says nothing.
        matters[relation.equation[relation.is_total & ~is_there[relation.cell]]] = False
        is_term = matters[relation.equation] & is_there[relation.cell] & (unknown[relation.cell] >= 0)
        return is_term, unknown[relation.cell[is_term]]


def _known(cells: CellTable, earlier: list[EarlierLayer]) -> Bools:
    """Cells that an earlier publication showed with the value that they still have."""
    is_known = np.zeros(cells.size, dtype=bool)
    for layer in earlier:
        is_known |= ~layer.is_hidden & (layer.value == cells.value)
    return is_known


def _followers(specification: Specification, grids: Mapping[str, Grid], cells: CellTable) -> Iterator[_Follower]:
    for name, grid in grids.items():
        for unit_name, unit in specification.marts[name].units.items():
            if unit.follows:
                yield _Follower(
                    cells.units[name, unit_name],
                    [cells.units[name, followed] for followed in unit.follows],
                    grid.equals(unit.followed_where),
                    grid.across(unit.same_within) if unit.same_within else None,
                )
