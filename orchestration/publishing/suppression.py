"""Small cells: which cells a publication withholds so that none of them can be worked out.

    counts 1–4 → hidden · a sum with exactly one hidden cell → its smallest other cell is hidden too, until stable ·
    what linear algebra still finds → one more cell beside it, until nothing is found

Cells of earlier publications join in (`history.py` reads them): a cell shown before with the same value is no secret
and protects nothing, a cell hidden before with the same value stays hidden. What nothing can protect is counted and
reported: see docs/publishing.md, "What can't be protected".
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from orchestration.publishing.cells import Bools, CellTable, EarlierLayer, Floats, Grid, Ints, Relation, secrets_of
from orchestration.publishing.deducible import Deducer
from orchestration.publishing.hiding import Hiding, Levels
from orchestration.publishing.specification import Specification

# Which cell of a sum is hidden first. Zeros come last, since a zero is to stay where it can; a total of zero comes
# before its parts, since zero parts of a published zero protect nothing.
_PART, _TOTAL, _ZERO_TOTAL, _ZERO_PART, _ZERO_WITHOUT_ROW = range(5)
# How far from a cell that follows from others a further cell to hide is looked for, in steps from sum to sum.
_MAX_STEPS_AWAY = 4
# How often cells beside those that follow from several publications together are hidden before the rest is given up.
_MAX_JOINT_ROUNDS = 6
# How many rounds in a row may hide one more cell without a single cell fewer following, before these are given up.
_MAX_VAIN_ROUNDS = 3


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
    return _Suppressor(specification, grids, cells, relations, _distinct(cells, earlier)).run()


def _distinct(cells: CellTable, earlier: Iterable[EarlierLayer]) -> list[EarlierLayer]:
    """Publications of the same state count once; of one in today's state nothing can have grown since."""
    layers: list[EarlierLayer] = []
    for layer in earlier:
        if np.array_equal(layer.value, cells.value):
            layer = replace(layer, is_settled=np.ones(cells.size, dtype=bool))
        same = [n for n, other in enumerate(layers) if np.array_equal(other.value, layer.value, equal_nan=True)]
        if same:
            layers[same[0]] = replace(layers[same[0]], is_hidden=layers[same[0]].is_hidden & layer.is_hidden)
        else:
            layers.append(layer)
    return layers


class _Sum:
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

    def count(self, chosen: Bools) -> Ints:
        """How many chosen cells each equation has."""
        relation = self.relation
        weights = chosen[relation.cell]
        return np.bincount(relation.equation, weights=weights, minlength=relation.equations_count).astype(np.int64)

    def touched(self, chosen: Bools) -> Bools:
        """The equations that hold a chosen cell."""
        is_touched = np.zeros(self.relation.equations_count, dtype=bool)
        is_touched[self.relation.equation[chosen[self.relation.cell]]] = True
        return is_touched

    def first(self, is_wanted: Bools, may_take: Bools) -> tuple[Ints, Ints, Ints]:
        """Of each wanted equation the first cell that may be taken: equations, cells, ranks."""
        at = np.flatnonzero(is_wanted[self._equation] & may_take[self._cell])
        equations, first = np.unique(self._equation[at], return_index=True)
        chosen = at[first]
        return equations, self._cell[chosen], self._rank[chosen]


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
        self.hiding = Hiding(specification, grids, cells, _known(cells, earlier))
        self.is_secret = secrets_of(specification, grids, cells, cells.value)
        self.is_exposed: Bools = np.zeros(cells.size, dtype=bool)
        # Cells of whose earlier values one follows, and nothing can be done
        self.is_lost: Bools = np.zeros(cells.size, dtype=bool)
        self.joint_rounds = 0
        self.deducer = Deducer()
        self.versions = _Versions(cells, earlier)
        matters = self.hiding.may_ever(specification.withhold_zeros, [layer.is_hidden for layer in earlier])
        matters[self.versions.cell] = True
        self.hideable = [relation.among(matters) for relation in relations]
        self.sums = [
            _Sum(relation, cells, self.hiding.units_of(relation.cell), specification.withhold_zeros)
            for relation in self.hideable
        ]
        self.changes = list(self._changes(specification.withhold_zeros))

    def run(self) -> Suppression:
        self.hiding.hide(np.flatnonzero(self.is_secret & self.cells.is_count))
        for layer in self.earlier:
            is_same = layer.value == self.cells.value
            self.hiding.hide(np.flatnonzero(layer.is_hidden & is_same & ~self.hiding.is_known))
        vain_rounds, before = 0, np.zeros(self.cells.size, dtype=bool)
        for rounds in itertools.count():
            self._pair_up()
            follows, follows_earlier = self._deducible()
            wanted = follows | follows_earlier
            if not wanted.any():
                break
            vain_rounds = vain_rounds + 1 if np.array_equal(wanted, before) else 0
            before = wanted
            beside, is_helped = self._beside(wanted, everywhere=rounds > 0)
            if vain_rounds == _MAX_VAIN_ROUNDS:
                vain_rounds, beside, is_helped = 0, beside[:0], np.zeros(self.cells.size, dtype=bool)
            if self.joint_rounds == _MAX_JOINT_ROUNDS:
                is_helped[follows_earlier | (follows & self.is_secret)] = False
            self.hiding.hide(beside)
            self._give_up(follows & ~is_helped)
            self.is_lost |= follows_earlier & ~is_helped
        self._report_what_follows_still()
        return Suppression(
            self.hiding.level,
            np.unique(self.cells.slot[self.is_exposed]),
            np.unique(self.cells.slot[self.is_lost]),
            int(np.count_nonzero(self.hiding.is_hidden)),
            int(np.count_nonzero(self.is_secret & self.cells.is_count)),
        )

    def _give_up(self, cells: Bools) -> None:
        """What can't be helped protects nothing else either: from here on it counts as known."""
        self.is_exposed |= cells
        self.hiding.give_up(cells)

    def _pair_up(self) -> None:
        """Until no sum has exactly one hidden cell: hide the next one in its order, or give up where none is left."""
        is_settled = False
        while not is_settled:
            is_settled = True
            for sums, partners in ((self.sums, self._partners), (self.changes, self._partners_in_change)):
                for each in sums:
                    while self.hiding.has_changed(each.units, each.settled_at):
                        if len(chosen := partners(each)):
                            self.hiding.hide(chosen)
                            is_settled = False
                        else:
                            each.settled_at = self.hiding.moment
            if is_settled and (alone := self._is_alone()).any():
                self._give_up(alone)
                is_settled = False

    def _partners(self, each: _Sum) -> Ints:
        """The next cells to hide in sums with one secret. A cell known from before is no partner for a secret, but is
        hidden where otherwise this publication alone would have a single gap."""
        is_single_gap = each.count(self.hiding.is_hidden) == 1
        is_wanted = is_single_gap | (each.count(self.hiding.is_unknown) == 1)
        _, partners, _ = each.first(is_wanted, self.hiding.may_take)
        if len(partners) or not is_single_gap.any():
            return partners
        return each.first(is_single_gap, ~self.hiding.is_hidden)[1]

    def _partners_in_change(self, each: _Sum) -> Ints:
        """The next cells to hide where what a sum has changed by since an earlier publication tells a secret."""
        unknown = self.hiding.is_unknown
        tells = each.count(unknown) + each.unknowns == 1
        tells &= each.count(unknown & self.is_secret) + each.secrets > 0
        return each.first(tells, self.hiding.may_take)[1]

    def _changes(self, withhold_zeros: bool) -> Iterator[_Sum]:
        """For each earlier publication and relation: by how much each sum has changed. What has not changed is no part
        of it, so that few cells make up much of it: the days since then, and what grew with them."""
        for number, layer in enumerate(self.earlier):
            for relation in self.relations:
                is_part, unknowns, secrets = self.versions.change(number, layer, relation)
                numbers, equation = np.unique(relation.equation[is_part], return_inverse=True)
                if len(numbers):
                    part = Relation(
                        f"{relation.name}, change",
                        equation.astype(np.int64),
                        relation.cell[is_part],
                        relation.is_total[is_part],
                        relation.sign[is_part],
                    )
                    units = self.hiding.units_of(part.cell)
                    yield _Sum(part, self.cells, units, withhold_zeros, unknowns[numbers], secrets[numbers])

    def _deducible(self) -> tuple[Bools, Bools]:
        """Which cells follow now, and which cells had a value in an earlier publication that follows now.

        Of several publications together the small counts and what belongs to them are looked for, since a larger cell
        that was hidden for their sake is none to protect; of this one alone, at last, any hidden cell.
        """
        if self.earlier and self.joint_rounds < _MAX_JOINT_ROUNDS:
            follows, of_earlier = self._from_all(self.hiding.is_unknown)
            follows &= self.is_secret
            of_earlier &= ~self.is_lost
            if (follows | of_earlier).any():
                self.joint_rounds += 1
                return follows, of_earlier
        return self._from_this_one(self.hiding.is_unknown), np.zeros(self.cells.size, dtype=bool)

    def _from_this_one(self, unknown: Bools) -> Bools:
        """Which of the unknown cells the sums of this publication determine."""
        return self.deducer.deducible(*self._terms(unknown).arrays(), self.cells.size)

    def _from_all(self, unknown: Bools) -> tuple[Bools, Bools]:
        """The same with the sums of the earlier ones, and of which cells a secret earlier value is determined."""
        terms, size = self._terms(unknown), self.cells.size
        for number, layer in enumerate(self.earlier):
            for relation in self.relations:
                is_term, variable = self.versions.terms(number, layer, relation, unknown)
                terms.add(relation, is_term, variable)
        found = self.deducer.deducible(*terms.arrays(), size + len(self.versions.cell))
        of_earlier = np.zeros(size, dtype=bool)
        of_earlier[self.versions.cell[found[size:] & self.versions.is_secret]] = True
        return found[:size], of_earlier

    def _terms(self, unknown: Bools) -> _Terms:
        terms = _Terms()
        for relation in self.hideable:
            is_term = unknown[relation.cell]
            terms.add(relation, is_term, relation.cell[is_term])
        return terms

    def _report_what_follows_still(self) -> None:
        """Count what follows when all is done: by this publication alone, and with the earlier ones, where hiding
        ended before nothing was found any more."""
        if not self.earlier:
            return
        self.is_exposed |= self._from_this_one(self.hiding.is_hidden)
        if self.joint_rounds == _MAX_JOINT_ROUNDS:
            # Else the last round has looked already, and found nothing.
            follows, of_earlier = self._from_all(self.hiding.is_unknown)
            self.is_exposed |= follows & self.is_secret
            self.is_lost |= of_earlier

    def _beside(self, wanted: Bools, everywhere: bool) -> tuple[Ints, Bools]:
        """One more cell to hide for each wanted one (`everywhere`: one in each of its sums), and which that may help.

        It comes from the wanted cell's own changes and sums; failing that, from sums ever further away, one for all
        that are left.
        """
        may_take = self.hiding.may_take
        is_helped = np.zeros(self.cells.size, dtype=bool)
        chosen = np.empty(0, dtype=np.int64)
        for sums in [[each] for each in (*self.changes, *self.sums)] if everywhere else [self.changes, self.sums]:
            best, searching = _Best(self.cells), wanted if everywhere else wanted & ~is_helped
            for each in sums:
                best.offer(each.relation, *each.first(each.touched(searching), may_take), searching)
            more, helps = best.chosen()
            chosen, is_helped = np.union1d(chosen, more), is_helped | helps
        left = wanted & ~is_helped
        if left.any() and (further := self._further_away(left, may_take)) is not None:
            return np.append(chosen, further), is_helped | left
        return chosen, is_helped

    def _is_alone(self) -> Bools:
        """Cells that are the only secret of a sum: what is hidden elsewhere can't help them."""
        unknown = self.hiding.is_unknown
        is_alone = np.zeros(self.cells.size, dtype=bool)
        for each in self.sums:
            relation = each.relation
            is_alone[relation.cell[(each.count(unknown) == 1)[relation.equation] & unknown[relation.cell]]] = True
        return is_alone

    def _further_away(self, left: Bools, may_take: Bools) -> int | None:
        reached, unknown = left.copy(), self.hiding.is_unknown
        for _ in range(_MAX_STEPS_AWAY):
            for each in self.sums:
                beside = each.touched(reached)[each.relation.equation]
                reached[each.relation.cell[beside & unknown[each.relation.cell]]] = True
            found = [each.first(each.touched(reached), may_take) for each in self.sums]
            cells = np.concatenate([cell for _, cell, _ in found])
            if len(cells):
                ranks = np.concatenate([rank for _, _, rank in found])
                return int(cells[np.lexsort((cells, self.cells.value[cells], ranks))[0]])
        return None


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
        nothing = np.empty(0, dtype=np.int64)
        offers = [(nothing, nothing, nothing), *self._offers]
        wanted, offered, ranks = (np.concatenate(column) for column in zip(*offers, strict=True))
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

    `cell`: the cell of each such unknown. Two earlier publications with the same settled value of a cell share it; an
    unsettled value is of its publication alone.
    """

    def __init__(self, cells: CellTable, earlier: list[EarlierLayer]) -> None:
        at = [
            np.flatnonzero(~np.isnan(layer.value) & ((layer.value != cells.value) | ~layer.is_settled))
            for layer in earlier
        ]
        cell = np.concatenate([np.empty(0, dtype=np.int64), *at])
        value = np.concatenate([np.empty(0), *(layer.value[where] for layer, where in zip(earlier, at, strict=True))])
        hidden = np.concatenate(
            [np.empty(0, dtype=bool), *(layer.is_hidden[where] for layer, where in zip(earlier, at, strict=True))]
        )
        # -1: settled; else which publication it is of
        of = np.concatenate(
            [
                np.empty(0, dtype=np.int64),
                *(np.where(layer.is_settled[w], -1, n) for n, (layer, w) in enumerate(zip(earlier, at, strict=True))),
            ]
        )
        order = np.lexsort((of, value, cell))
        is_new = np.ones(len(order), dtype=bool)
        is_new[1:] = (np.diff(cell[order]) != 0) | (np.diff(value[order]) != 0) | (np.diff(of[order]) != 0)
        number = np.empty(len(order), dtype=np.int64)
        number[order] = np.cumsum(is_new) - 1
        self.cell: Ints = cell[order][is_new]
        secret = [layer.is_secret[where] for layer, where in zip(earlier, at, strict=True)]
        self.is_secret: Bools = np.concatenate([np.empty(0, dtype=bool), *secret])[order][is_new]
        is_shown = np.zeros(len(self.cell), dtype=bool)
        is_shown[number[~hidden]] = True
        self._cells = cells
        ends = np.cumsum([0, *(len(where) for where in at)])
        self._changed = []
        for where, start, end in zip(at, ends[:-1], ends[1:], strict=True):
            unknown = number[start:end]
            self._changed.append((where, np.where(is_shown[unknown], -1, unknown + cells.size)))

    def terms(self, number: int, layer: EarlierLayer, relation: Relation, hidden: Bools) -> tuple[Bools, Ints]:
        """The terms of an earlier publication's sums, where any of their values has changed since (else the sum is the
        same as today's): which entries of the relation, and the unknown of each."""
        where, unknowns = self._changed[number]
        unknown = np.where(hidden, np.arange(self._cells.size), -1)
        unknown[where] = unknowns
        is_term = self._entries(number, layer, relation) & ~np.isnan(layer.value[relation.cell])
        is_term &= unknown[relation.cell] >= 0
        return is_term, unknown[relation.cell[is_term]]

    def change(self, number: int, layer: EarlierLayer, relation: Relation) -> tuple[Bools, Ints, Ints]:
        """What the sums have changed by since an earlier publication: which entries of the relation have another value
        now or are new, and for each equation how many values of that publication are unknown, and secret."""
        where, unknowns = self._changed[number]
        is_part = np.isnan(layer.value)
        is_part[where] = True
        is_entry = self._entries(number, layer, relation)
        unknown = np.zeros(self._cells.size, dtype=bool)
        unknown[where[unknowns >= 0]] = True
        counts = [
            np.bincount(relation.equation[is_entry], weights=weights, minlength=relation.equations_count).astype(
                np.int64
            )
            for weights in ((chosen[relation.cell[is_entry]]) for chosen in (unknown, unknown & layer.is_secret))
        ]
        return is_entry & is_part[relation.cell], counts[0], counts[1]

    def _entries(self, number: int, layer: EarlierLayer, relation: Relation) -> Bools:
        """The entries of sums with a changed value. A sum whose total the publication did not hold says nothing."""
        is_changed, is_there = np.zeros(self._cells.size, dtype=bool), ~np.isnan(layer.value)
        is_changed[self._changed[number][0]] = True
        matters = np.zeros(relation.equations_count, dtype=bool)
        matters[relation.equation[is_changed[relation.cell]]] = True
        matters[relation.equation[relation.is_total & ~is_there[relation.cell]]] = False
        return matters[relation.equation]


def _known(cells: CellTable, earlier: list[EarlierLayer]) -> Bools:
    """Cells that an earlier publication showed settled, with the value that they still have."""
    is_known = np.zeros(cells.size, dtype=bool)
    for layer in earlier:
        is_known |= layer.is_settled & ~layer.is_hidden & (layer.value == cells.value)
    return is_known
