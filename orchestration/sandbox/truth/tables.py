"""Tables of the truth: named columns, keys first, rows as lists; written as they are into truth.json."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Table:
    """`keys` and `columns` name the parts of each row, in that order; `note` says what it counts."""

    note: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    rows: list[list[Any]] = field(default_factory=list)

    def add(self, keys: tuple[Any, ...], values: tuple[Any, ...]) -> None:
        if len(keys) != len(self.keys) or len(values) != len(self.columns):
            raise ValueError(f"a row of {len(keys)}+{len(values)} values for {self.keys} + {self.columns}")
        self.rows.append([*keys, *values])

    def as_json(self) -> dict[str, Any]:
        return {"note": self.note, "keys": self.keys, "columns": self.columns, "rows": self.rows}
