"""Earlier publications beside today's: which of their values are no longer the cell's, and what their sums add."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from orchestration.publishing.disclosure.cells import CellTable, EarlierLayer
from orchestration.publishing.disclosure.grids import Bools, Floats, Ints
from orchestration.publishing.disclosure.relations import Relation


def distinct(cells: CellTable, earlier: Iterable[EarlierLayer]) -> list[EarlierLayer]:
    """Publications of the same state count once; of one in today's state nothing can have grown since."""
    layers: list[EarlierLayer] = []
    for layer in earlier:
        if np.array_equal(layer.value, cells.value):
            layer = replace(layer, is_settled=np.ones(cells.size, dtype=bool))
        same = [n for n, other in enumerate(layers) if _are_same(other.value, layer.value)]
        if same:
            layers[same[0]] = replace(layers[same[0]], is_hidden=layers[same[0]].is_hidden & layer.is_hidden)
        else:
            layers.append(layer)
    return layers


def _are_same(one: Floats, other: Floats) -> bool:
    """Whether both have the same values, NaN being one. NumPy's `array_equal` copies both to see that."""
    return bool(np.all((one == other) | (np.isnan(one) & np.isnan(other))))


def known(cells: CellTable, earlier: list[EarlierLayer]) -> Bools:
    """Cells that an earlier publication showed settled, with the value that they still have."""
    is_known = np.zeros(cells.size, dtype=bool)
    for layer in earlier:
        is_known |= layer.is_settled & ~layer.is_hidden & (layer.value == cells.value)
    return is_known


class Versions:
    """Values of earlier publications that are no longer the cell's: each is an unknown, or known, of its own.

    `cell`: the cell of each such unknown; `is_secret`: which must not become known. Two earlier publications with the
    same settled value of a cell share it; an unsettled value is of its publication alone. `changed`: of each
    publication the cells with such a value, and the unknown that it is, -1 where it is known.
    """

    def __init__(self, cells: CellTable, earlier: list[EarlierLayer]) -> None:
        self.cells, self.earlier = cells, earlier
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
        ends = np.cumsum([0, *(len(where) for where in at)])
        self.changed: list[tuple[Ints, Ints]] = []
        for where, start, end in zip(at, ends[:-1], ends[1:], strict=True):
            unknown = number[start:end]
            self.changed.append((where, np.where(is_shown[unknown], -1, unknown + cells.size)))


class ChangedSums:
    """What sums have changed by since earlier publications."""

    def __init__(self, versions: Versions, relations: list[Relation]) -> None:
        self._cells, self._earlier, self._changed = versions.cells, versions.earlier, versions.changed
        self._relations = relations
        # Of each publication and relation the entries of sums with a changed value
        self._entries = [
            [self._of_changed_sums(number, layer, relation) for relation in relations]
            for number, layer in enumerate(self._earlier)
        ]

    def terms(self, unknown: Bools) -> Iterator[tuple[Relation, Ints, Ints, Floats]]:
        """The terms (equation, variable, coefficient) that earlier publications add to today's sums of a relation: of
        each sum in which any value has changed since (else it is the same as today's) by how much it differs from the
        same sum in the next newer publication that has it.

        The sums themselves would say the same. But most of their cells are the same, so that they are nearly parallel,
        and conjugate gradients go many times as many steps.
        """
        newer = [np.where(unknown[relation.cell], relation.cell, -1) for relation in self._relations]
        for number, layer in enumerate(self._earlier):
            variable = self._unknowns(number, layer, unknown)
            for relation, entries, newest in zip(self._relations, self._entries[number], newer, strict=True):
                here, before = variable[relation.cell[entries]], newest[entries]
                is_here, is_before = (here != before) & (here >= 0), (here != before) & (before >= 0)
                at_here, at_before = entries[is_here], entries[is_before]
                yield (
                    relation,
                    np.concatenate([relation.equation[at_here], relation.equation[at_before]]),
                    np.concatenate([here[is_here], before[is_before]]),
                    np.concatenate([relation.sign[at_here], -relation.sign[at_before]]),
                )
                newest[entries] = here

    def _unknowns(self, number: int, layer: EarlierLayer, unknown: Bools) -> Ints:
        """For each cell the unknown that an earlier publication's value of it is; -1: known, or not there."""
        where, unknowns = self._changed[number]
        variable = np.where(unknown, np.arange(self._cells.size), -1)
        variable[where] = unknowns
        variable[np.isnan(layer.value)] = -1
        return variable

    def of(self, number: int) -> Iterator[tuple[Relation, Bools, Ints, Ints]]:
        """What the sums of each relation have changed by since an earlier publication: which entries of the relation
        have another value now or are new, and for each equation how many values of that publication are unknown, and
        secret."""
        layer, (where, unknowns) = self._earlier[number], self._changed[number]
        is_changed = np.isnan(layer.value)
        is_changed[where] = True
        unknown = np.zeros(self._cells.size, dtype=bool)
        unknown[where[unknowns >= 0]] = True
        secret = unknown & layer.is_secret
        for relation, entries in zip(self._relations, self._entries[number], strict=True):
            equation, cell = relation.equation[entries], relation.cell[entries]
            counts = [
                np.bincount(equation[chosen[cell]], minlength=relation.equations_count) for chosen in (unknown, secret)
            ]
            is_part = np.zeros(len(relation.cell), dtype=bool)
            is_part[entries[is_changed[cell]]] = True
            yield relation, is_part, counts[0], counts[1]

    def _of_changed_sums(self, number: int, layer: EarlierLayer, relation: Relation) -> Ints:
        """The entries of sums with a changed value. A sum whose total the publication did not hold says nothing."""
        is_changed, is_there = np.zeros(self._cells.size, dtype=bool), ~np.isnan(layer.value)
        is_changed[self._changed[number][0]] = True
        matters = np.zeros(relation.equations_count, dtype=bool)
        matters[relation.equation[is_changed[relation.cell]]] = True
        matters[relation.equation[relation.is_total & ~is_there[relation.cell]]] = False
        return np.flatnonzero(matters[relation.equation])
