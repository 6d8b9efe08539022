"""Which hidden cells follow from the published ones, by linear algebra.

Every sum among cells is an equation in the hidden ones. A hidden cell follows exactly if it is the same in every
solution, that is if it is 0 in every vector that the equations map to 0. A random vector of that kind therefore shows
them all at once: it is 0 (to rounding) in the cells that follow, and, but for chance, nowhere else. Such a vector is
what is left of a random one after its part in the equations' row space has been taken off, by conjugate gradients.

That counts are whole and not negative is not used: a total of 3 still says that no part is above 3.
"""

from __future__ import annotations

import numpy as np

from orchestration.publishing.cells import Bools, Floats, Ints

_CONVERGED, _ZERO = 1e-11, 1e-7
_MAX_STEPS = 5_000
_SEED = 20200323


def deducible(equation: Ints, variable: Ints, coefficient: Floats, variables_count: int, draws: int = 2) -> Bools:
    """True for each variable that the equations determine.

    One entry of the three arrays is one term: `coefficient` × `variable` in `equation`. Constants don't matter.
    Deterministic. A variable in no equation is not determined. With one of the `draws` alone a variable may now and
    then be taken for determined that came out near 0 by chance; that doesn't happen twice.
    """
    determined = np.zeros(variables_count, dtype=bool)
    if not len(equation):
        return determined
    equations, rows = np.unique(equation, return_inverse=True)
    present, columns = np.unique(variable, return_inverse=True)
    random = np.random.default_rng(_SEED)
    is_zero = np.ones(len(present), dtype=bool)
    for _ in range(draws):
        vector = _null_vector(rows, columns, coefficient, len(equations), len(present), random)
        is_zero &= np.abs(vector) < _ZERO
        if not is_zero.any():
            break
    determined[present] = is_zero
    return determined


def _null_vector(
    rows: Ints, columns: Ints, coefficient: Floats, rows_count: int, columns_count: int, random: np.random.Generator
) -> Floats:
    """A random vector less its part in the row space (conjugate gradients on A Aᵀ, rows scaled to length 1)."""
    length = np.sqrt(np.bincount(rows, weights=coefficient**2, minlength=rows_count))
    scaled = coefficient / length[rows]

    def forward(x: Floats) -> Floats:
        return np.bincount(rows, weights=scaled * x[columns], minlength=rows_count).astype(np.float64, copy=False)

    def backward(y: Floats) -> Floats:
        return np.bincount(columns, weights=scaled * y[rows], minlength=columns_count).astype(np.float64, copy=False)

    vector = random.uniform(0.5, 1.5, columns_count) * random.choice([-1.0, 1.0], columns_count)
    residual = -forward(vector)
    direction = backward(residual)
    size = _square(residual)
    for _ in range(_MAX_STEPS):
        if size <= _CONVERGED**2 * rows_count:
            break
        step = size / _square(direction)
        vector += step * direction
        residual -= step * forward(direction)
        size, before = _square(residual), size
        direction = backward(residual) + (size / before) * direction
    return vector


def _square(vector: Floats) -> float:
    # Not `vector @ vector`: on a busy machine the threads of BLAS wait for each other far longer than this takes.
    return float(np.square(vector).sum())
