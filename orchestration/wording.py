"""Words that several messages share."""

from __future__ import annotations

from collections.abc import Iterable


def plural(noun: str, count: int) -> str:
    """The noun as it stands beside that number of things."""
    return noun if count == 1 else f"{noun}s"


def some(names: Iterable[str], most: int, separator: str = ", ") -> str:
    """The first few of `names`, and how many more."""
    listed = list(names)
    rest = f" and {len(listed) - most} more" if len(listed) > most else ""
    return separator.join(listed[:most]) + rest
