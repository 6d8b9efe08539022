"""Work side by side: results in their order, the first error in that order, and nothing left running."""

from __future__ import annotations

import threading

import pytest

from orchestration.side_by_side import side_by_side


def test_results_come_in_the_order_of_the_actions_whichever_ends_first():
    first_may_end = threading.Event()

    def first() -> str:
        assert first_may_end.wait(10)
        return "first"

    def second() -> str:
        first_may_end.set()
        return "second"

    assert side_by_side([first, second], 2) == ["first", "second"]


def test_the_first_error_in_their_order_is_raised_once_all_have_ended():
    ended = []

    def fail(message: str) -> None:
        raise ValueError(message)

    with pytest.raises(ValueError, match="one"):
        side_by_side([lambda: fail("one"), lambda: ended.append(1), lambda: fail("two")], 2)
    assert ended == [1]


def test_fewer_threads_than_one_are_one():
    assert side_by_side([lambda: 1, lambda: 2], 0) == [1, 2]
    assert side_by_side([], 2) == []
