"""Which hidden cells follow from the published ones, by linear algebra.

Every sum among cells is an equation in the hidden ones. A hidden cell follows exactly if it is the same in every
solution, that is if it is 0 in every vector that the equations map to 0. A random vector of that kind therefore shows
them all at once: it is 0 (to rounding) in the cells that follow, and, but for chance, nowhere else. Such a vector is
what is left of a random one after its part in the equations' row space has been taken off, by conjugate gradients.

Equations that share no cell are solved apart, each large part for as many steps as it alone needs, and those that were
solved before are not solved again: from one round of hiding to the next only a few change.

That counts are whole and not negative is not used: a total of 3 still says that no part is above 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from orchestration.publishing.disclosure.grids import Bools, Floats, Ints
from orchestration.publishing.disclosure.relations import dense

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Solved to _CONVERGED, a variable that follows is 0 to some 1e-12. Above _SURELY_ZERO it is asked again.
_CONVERGED, _SURELY_ZERO, _ZERO = 1e-13, 1e-10, 1e-7
_MAX_STEPS = 5_000
_SEED = 20200323
# A part with more terms than this is solved by itself; the small ones together.
_LARGE_PART = 5_000

Hashes = npt.NDArray[np.uint64]


def load_solver() -> None:
    """Load SciPy ahead, while something else is waited for: it takes a quarter of a second. Every other command does
    without, so that it is loaded only where it is used."""
    import scipy.sparse.csgraph  # noqa: F401


class Deducer:
    """Answers for one system of equations after the other, remembering the parts that it has met."""

    def __init__(self) -> None:
        # Of each part that was solved: its hash, and the variables that it determines.
        self._solved: dict[int, Ints] = {}

    def deducible(self, equation: Ints, variable: Ints, coefficient: Floats, variables_count: int) -> Bools:
        """True for each variable that the equations determine.

        One entry of the three arrays is one term: `coefficient` × `variable` in `equation`. Constants don't matter.
        Deterministic. A variable in no equation is not determined.
        """
        determined = np.zeros(variables_count, dtype=bool)
        if not len(equation):
            return determined
        rows, columns = dense(equation), dense(variable)
        parts_count, part = _parts(rows, columns)
        hashes = _hashes(equation, variable, coefficient, part, parts_count)
        is_new = np.array([number not in self._solved for number in hashes.tolist()])
        self._solve(equation, variable, coefficient, part, hashes, is_new)
        for number in hashes.tolist():
            determined[self._solved[number]] = True
        return determined

    def _solve(
        self, equation: Ints, variable: Ints, coefficient: Floats, part: Ints, hashes: Hashes, is_new: Bools
    ) -> None:
        """Solve the new parts, the large ones one by one."""
        for at in _batches(part, is_new):
            self._solve_batch(equation[at], variable[at], coefficient[at], hashes[part[at]])

    def _solve_batch(self, equation: Ints, variable: Ints, coefficient: Floats, hashed: Hashes) -> None:
        """`hashed`: of each term the hash of its part. A variable that came out near 0 by chance doesn't do so twice:
        a part in which one is not surely 0 is asked again with another random vector."""
        found, doubtful = _vanishing(equation, variable, coefficient, 0)
        if len(doubtful):
            again = np.isin(hashed, hashed[np.isin(variable, doubtful)])
            confirmed, _ = _vanishing(equation[again], variable[again], coefficient[again], 1)
            found = np.setdiff1d(found, np.setdiff1d(doubtful, confirmed))
        self._solved |= dict.fromkeys(np.unique(hashed).tolist(), found[:0])
        is_found = np.isin(variable, found)
        for number in np.unique(hashed[is_found]).tolist():
            self._solved[number] = np.unique(variable[is_found & (hashed == number)])


def _batches(part: Ints, is_new: Bools) -> Iterator[Ints]:
    """The terms of the new parts: those of each large one, then those of all others."""
    at = np.flatnonzero(is_new[part])
    at = at[np.argsort(part[at], kind="stable")]
    starts = np.flatnonzero(np.diff(part[at], prepend=-1))
    small = []
    for terms in np.split(at, starts[1:]):
        if len(terms) > _LARGE_PART:
            yield terms
        else:
            small.append(terms)
    if small:
        yield np.concatenate(small)


def _vanishing(equation: Ints, variable: Ints, coefficient: Floats, draw: int) -> tuple[Ints, Ints]:
    """The variables that are 0 in a random vector which the equations map to 0, and those of them that may be so by
    chance."""
    from scipy.sparse import coo_array  # see load_solver

    present, columns = np.unique(variable, return_inverse=True)
    rows = dense(equation)
    length = np.sqrt(np.bincount(rows, weights=coefficient**2))
    terms = coo_array((coefficient / length[rows], (rows, columns)), shape=(len(length), len(present))).tocsr()
    size = np.abs(_null_vector(terms, np.random.default_rng([_SEED, draw])))
    return present[size < _ZERO], present[(size < _ZERO) & (size >= _SURELY_ZERO)]


def _null_vector(terms: csr_array, random: np.random.Generator) -> Floats:
    """A random vector less its part in the row space (conjugate gradients on A Aᵀ; rows are of length 1)."""
    rows_count, columns_count = terms.shape
    transposed = terms.T.tocsr()
    vector = random.uniform(0.5, 1.5, columns_count) * random.choice([-1.0, 1.0], columns_count)
    residual = -(terms @ vector)
    direction = transposed @ residual
    size = _square(residual)
    for _ in range(_MAX_STEPS):
        if size <= _CONVERGED**2 * rows_count:
            break
        step = size / _square(direction)
        vector += step * direction
        residual -= step * (terms @ direction)
        size, before = _square(residual), size
        direction = transposed @ residual + (size / before) * direction
    return vector


def _parts(rows: Ints, columns: Ints) -> tuple[int, Ints]:
    """Of each term the part of the system that it belongs to: equations that share variables, directly or not."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows_count = int(rows.max()) + 1
    size = rows_count + int(columns.max()) + 1
    shared = coo_array((np.ones(len(rows), dtype=np.int8), (rows, columns + rows_count)), shape=(size, size))
    _, label = connected_components(shared, directed=False)
    part = dense(label[rows].astype(np.int64))
    return int(part.max()) + 1, part


def _hashes(equation: Ints, variable: Ints, coefficient: Floats, part: Ints, parts_count: int) -> Hashes:
    """A number for each part that stands for its terms, whatever their order."""
    mixed = _mixed(
        equation.astype(np.uint64) + _mixed(variable.astype(np.uint64) + _mixed(coefficient.view(np.uint64)))
    )
    order = np.argsort(part, kind="stable")
    starts = np.searchsorted(part[order], np.arange(parts_count))
    return np.add.reduceat(mixed[order], starts)


def _mixed(numbers: Hashes) -> Hashes:
    """Spread over 64 bits (the finalizer of SplitMix64; whole numbers wrap around)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


def _square(vector: Floats) -> float:
    # Not `vector @ vector`: on a busy machine the threads of BLAS wait for each other far longer than this takes.
    return float(np.square(vector).sum())
