"""Words that several messages share."""

from __future__ import annotations

from collections.abc import Iterable


def some(names: Iterable[str], most: int, separator: str = ", ") -> str:
    """The first few of `names`, and how many more."""
    listed = list(names)
    rest = f" and {len(listed) - most} more" if len(listed) > most else ""
    return separator.join(listed[:most]) + rest
