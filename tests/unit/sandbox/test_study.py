"""Rule 8 of the marts against second-by-second counting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.sandbox.timeline import DAY
from orchestration.sandbox.truth.study import hours, split_at_midnight, union

intervals = st.lists(
    st.tuples(st.integers(0, 3), st.integers(-150, 250), st.integers(1, 90)), max_size=25
)  # owner, start, length


def _columns(drawn):
    owner, start, length = (np.array([row[i] for row in drawn], dtype=np.int64) for i in range(3))
    return owner, start, start + length


@given(intervals)
def test_a_union_holds_exactly_the_seconds_that_some_interval_holds(drawn):
    found_owner, found_start, found_end = union(*_columns(drawn))
    seconds = [
        (int(owner), second)
        for owner, start, end in zip(found_owner, found_start, found_end, strict=True)
        for second in range(start, end)
    ]
    wanted = {(owner, second) for owner, start, length in drawn for second in range(start, start + length)}
    assert len(seconds) == len(set(seconds)), "pieces overlap"
    assert set(seconds) == wanted


@given(st.integers(0, 3 * DAY), st.integers(1, DAY - 1))
def test_splitting_at_midnight_gives_each_day_its_own_seconds(start, length):
    owner, day, seconds = split_at_midnight(np.array([5]), np.array([start]), np.array([start + length]))
    wanted: dict[int, int] = {}
    for number in {start // DAY, (start + length - 1) // DAY}:
        wanted[number] = min(start + length, (number + 1) * DAY) - max(start, number * DAY)
    assert set(owner.tolist()) == {5}
    assert dict(zip(day.tolist(), seconds.tolist(), strict=True)) == wanted


def test_study_that_ends_at_midnight_belongs_to_the_day_before_alone():
    _, day, seconds = split_at_midnight(np.array([1]), np.array([DAY - 600]), np.array([DAY]))
    assert (day.tolist(), seconds.tolist()) == ([0], [600])


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0000"), (1, "0.0003"), (3_600, "1.0000"), (9, "0.0025"), (45, "0.0125"), (3_659, "1.0164"), (27, "0.0075")],
)
def test_hours_are_rounded_half_up_to_four_places(seconds, text):
    assert hours(seconds) == text
