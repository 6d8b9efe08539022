"""What a process imports lasts as long as the process, so nobody need look there for garbage.

Python's collector looks through every object some ten times while the packages are imported, once more at each of its
rounds that goes deep, and twice when the process ends: a quarter of a second of a command here, one core's.
"""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def imports_that_last() -> Iterator[None]:
    """The imports of the block are never looked through for garbage; what the process leaves at its end isn't either.

    For the entry of a process alone: it decides for everything in it.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        # Files and connections are closed by whoever opened them; the rest the system takes back whole.
        atexit.register(gc.freeze)
