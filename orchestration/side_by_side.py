"""Independent work that mostly waits for DuckDB, Arrow or the disk, in as many threads as there is of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


def side_by_side(actions: Iterable[Callable[[], Result]], threads_count: int) -> list[Result]:
    """What the actions return, in their order. Raises what the first of them to fail in that order raised, once all
    have ended."""
    with ThreadPoolExecutor(max(1, threads_count), thread_name_prefix="beside") as pool:
        futures = [pool.submit(action) for action in actions]
    return [future.result() for future in futures]
