"""Small cells: which cells a publication withholds so that none of them can be worked out.

    counts 1–4 → hidden · a sum with exactly one hidden cell → its smallest other cell is hidden too, until stable ·
    hidden cells that must all be 1 → one more beside them · what linear algebra still finds → one more cell beside it,
    until nothing is found

Cells of earlier publications join in (`history.py` reads them): a cell shown before with the same value is no secret
and protects nothing, a cell hidden before with the same value stays hidden. What nothing can protect is counted and
reported: see docs/publishing.md, "What can't be protected".
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial

import numpy as np

from orchestration.publishing.disclosure.cells import CellTable, EarlierLayer, secrets_of
from orchestration.publishing.disclosure.deducible import Deducer
from orchestration.publishing.disclosure.grids import Bools, Grid, Ints
from orchestration.publishing.disclosure.hiding import Hiding, Levels
from orchestration.publishing.disclosure.relations import Relation, build_relations
from orchestration.publishing.disclosure.sums import Best, Sum, Terms
from orchestration.publishing.disclosure.versions import ChangedSums, Versions, distinct, known
from orchestration.publishing.specification import Specification
from orchestration.side_by_side import side_by_side

# How far from a cell that follows from others a further cell to hide is looked for, in steps from sum to sum.
_MAX_STEPS_AWAY = 4
# How often cells beside those that follow from several publications together are hidden before the rest is given up.
_MAX_JOINT_ROUNDS = 6
# How many rounds in a row may hide one more cell without a single cell fewer following, before these are given up. Of
# some 6,000 random tables one needed the fourth, of 8,000 others one the fifth; where nothing helps, each takes as long
# as looking once for what follows.
_MAX_VAIN_ROUNDS = 6


@dataclass(frozen=True)
class Suppression:
    """What is withheld: `level` of each slot. `exposed`: slots, in order, with hidden cells that follow from published
    ones all the same; `exposed_earlier`: the same for what they held in an earlier publication."""

    level: Levels
    exposed: Ints
    exposed_earlier: Ints
    hidden_cells_count: int
    small_cells_count: int


@dataclass(frozen=True)
class Withheld:
    """The suppression over all marts, and the cells it is about. `last_day`: that of the marts' clock."""

    grids: Mapping[str, Grid]
    cells: CellTable
    suppression: Suppression
    last_day: date | None = None


def suppress(
    specification: Specification,
    grids: Mapping[str, Grid],
    cells: CellTable,
    earlier: Iterable[EarlierLayer] = (),
    threads_count: int = 1,
) -> Suppression:
    """Decide what is hidden. Deterministic: the same cells and the same earlier layers give the same answer."""
    return _Suppressor(specification, grids, cells, distinct(cells, earlier), threads_count).run()


class _Suppressor:
    def __init__(
        self,
        specification: Specification,
        grids: Mapping[str, Grid],
        cells: CellTable,
        earlier: list[EarlierLayer],
        threads_count: int,
    ) -> None:
        self.cells, self.earlier = cells, earlier
        self.withhold_zeros = specification.withhold_zeros
        self.hiding = Hiding(specification, grids, cells, known(cells, earlier))
        self.is_secret = secrets_of(specification, grids, cells, cells.value)
        self.is_exposed: Bools = np.zeros(cells.size, dtype=bool)
        # Cells of whose earlier values one follows, and nothing can be done
        self.is_lost: Bools = np.zeros(cells.size, dtype=bool)
        self.joint_rounds = 0
        self.deducer = Deducer()
        self.versions = Versions(cells, earlier)
        matters = self.hiding.may_ever(specification.withhold_zeros, [layer.is_hidden for layer in earlier])
        matters[self.versions.cell] = True
        relations = build_relations(specification, grids, cells, matters, earlier)
        self.changed_sums = ChangedSums(self.versions, relations)
        self.hideable = [relation.among(matters) for relation in relations]
        self.sums = side_by_side([partial(self._sum, relation) for relation in self.hideable], threads_count)
        self.changes = list(self._changes())

    def _sum(self, relation: Relation, unknowns: Ints | None = None, secrets: Ints | None = None) -> Sum:
        units = self.hiding.units_of(relation.cell)
        return Sum(relation, self.cells, units, self.withhold_zeros, unknowns, secrets)

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
            if is_settled and not self.withhold_zeros:
                is_settled = not self._part_ones()

    def _partners(self, each: Sum) -> Ints:
        """The next cells to hide in sums with one secret. A cell known from before is no partner for a secret, but is
        hidden where otherwise this publication alone would have a single gap."""
        hidden, unknown = each.gaps(self.hiding)
        is_single_gap = hidden == 1
        is_wanted = is_single_gap | (unknown == 1)
        _, partners, _ = each.first(is_wanted, self.hiding.may_take)
        if len(partners) or not is_single_gap.any():
            return partners
        return each.first(is_single_gap, ~self.hiding.is_hidden)[1]

    def _partners_in_change(self, each: Sum) -> Ints:
        """The next cells to hide where what a sum has changed by since an earlier publication tells a secret."""
        tells = each.gaps(self.hiding)[1] + each.unknowns == 1
        if tells.any():
            tells &= each.count(self.hiding.is_unknown & self.is_secret) + each.secrets > 0
        return each.first(tells, self.hiding.may_take)[1]

    def _changes(self) -> Iterator[Sum]:
        """For each earlier publication and relation: by how much each sum has changed. What has not changed is no part
        of it, so that few cells make up much of it: the days since then, and what grew with them."""
        for number in range(len(self.earlier)):
            for relation, is_part, unknowns, secrets in self.changed_sums.of(number):
                numbers, equation = np.unique(relation.equation[is_part], return_inverse=True)
                if len(numbers):
                    part = Relation(
                        f"{relation.name}, change",
                        equation.astype(np.int64),
                        relation.cell[is_part],
                        relation.is_total[is_part],
                        relation.sign[is_part],
                    )
                    yield self._sum(part, unknowns[numbers], secrets[numbers])

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
        for change in self.changed_sums.terms(unknown):
            terms.add(*change)
        found = self.deducer.deducible(*terms.arrays(), size + len(self.versions.cell))
        of_earlier = np.zeros(size, dtype=bool)
        of_earlier[self.versions.cell[found[size:] & self.versions.is_secret]] = True
        return found[:size], of_earlier

    def _terms(self, unknown: Bools) -> Terms:
        terms = Terms()
        for relation in self.hideable:
            is_term = unknown[relation.cell]
            terms.add(relation, relation.equation[is_term], relation.cell[is_term], relation.sign[is_term])
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
            best, searching = Best(self.cells), wanted if everywhere else wanted & ~is_helped
            for each in sums:
                best.offer(each.relation, *each.first(each.touched(searching), may_take), searching)
            more, helps = best.chosen()
            chosen, is_helped = np.union1d(chosen, more), is_helped | helps
        left = wanted & ~is_helped
        if left.any() and (further := self._further_away(left, may_take)) is not None:
            return np.append(chosen, further), is_helped | left
        return chosen, is_helped

    def _part_ones(self) -> bool:
        """Two hidden cells that make 2 are 1 each: hide one more beside them, or give them up. Whether any was."""
        told = [(each, each.told_by_ones(self.hiding, self.cells)) for each in self.sums]
        beside = [each.first(is_told, self.hiding.may_take)[1] for each, is_told in told]
        if any(len(cells) for cells in beside):
            self.hiding.hide(np.concatenate(beside))
            return True
        is_given_up = np.zeros(self.cells.size, dtype=bool)
        for each, is_told in told:
            relation = each.relation
            is_given_up[relation.cell[is_told[relation.equation]]] = True
        is_given_up &= self.hiding.is_unknown
        self._give_up(is_given_up)
        return bool(is_given_up.any())

    def _is_alone(self) -> Bools:
        """Cells that are the only secret of a sum: what is hidden elsewhere can't help them."""
        unknown = self.hiding.is_unknown
        is_alone = np.zeros(self.cells.size, dtype=bool)
        for each in self.sums:
            is_single = each.gaps(self.hiding)[1] == 1
            if is_single.any():
                relation = each.relation
                is_alone[relation.cell[is_single[relation.equation] & unknown[relation.cell]]] = True
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
