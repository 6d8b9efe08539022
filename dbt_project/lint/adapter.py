"""What sqlfluff puts in the place of dbt's `adapter` when it renders a model without dbt.

A dispatched macro of macros/dialect.sql is rendered as a call of that name: the right shape for a linter, which needs
no engine's answer.
"""

from __future__ import annotations

from collections.abc import Callable


def dispatch(name: str) -> Callable[..., str]:
    """A function that renders `name(first, second, …)`, a list as its elements."""

    def rendered(*arguments: object) -> str:
        texts = [", ".join(map(str, value)) if isinstance(value, list) else str(value) for value in arguments]
        return f"{name}({', '.join(texts)})"

    return rendered
