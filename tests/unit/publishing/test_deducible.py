"""The random null vector finds exactly the unknowns that elimination in fractions finds."""

from __future__ import annotations

import numpy as np
from disclosure_attack import determined
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.publishing.disclosure.deducible import Deducer

TERMS = st.dictionaries(
    st.tuples(st.integers(0, 11), st.integers(0, 9)), st.sampled_from([-1, 1]), min_size=1, max_size=40
)


@settings(max_examples=300, deadline=None)
@given(TERMS, TERMS)
def test_equals_exact_elimination(terms: dict[tuple[int, int], int], changed: dict[tuple[int, int], int]) -> None:
    """Of two systems one after the other, the second partly the same as the first."""
    deducer = Deducer()
    for each in (terms, terms | changed):
        places = np.array(list(each), dtype=np.int64)
        signs = np.array(list(each.values()), dtype=np.float64)
        found = deducer.deducible(places[:, 0], places[:, 1], signs, 10)
        assert set(np.flatnonzero(found).tolist()) == exactly(each)


def exactly(terms: dict[tuple[int, int], int]) -> set[int]:
    equations: dict[int, dict] = {}
    for (equation, variable), sign in terms.items():
        equations.setdefault(equation, {})["mart", "column", (str(variable),)] = sign
    published = {("mart", "column"): {(str(variable),): None for variable in range(10)}}
    return {int(key[0]) for _, _, key in determined(published, equations.values())}


def test_nothing_follows_from_nothing() -> None:
    nothing = np.empty(0, dtype=np.int64)
    assert not Deducer().deducible(nothing, nothing, nothing.astype(np.float64), 3).any()


def test_a_bridge_between_two_blocks_follows() -> None:
    """Rows 0–1 × columns 0–1 and rows 2–3 × columns 2–3 are hidden, and the cell (1, 2) between them: each row and
    column has at least two gaps, yet the blocks' sums give the bridge away."""
    cells = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 2), (2, 3), (3, 2), (3, 3), (1, 2)]
    equation = np.array([row for row, _ in cells] + [4 + column for _, column in cells], dtype=np.int64)
    variable = np.array([*range(9), *range(9)], dtype=np.int64)
    found = Deducer().deducible(equation, variable, np.ones(18), 9)
    assert np.flatnonzero(found).tolist() == [8]
