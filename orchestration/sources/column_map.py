"""Column maps: a sender's header -> a field of the contract, as rows of CSV, never as code.

`column_maps/<name>.csv` has the columns `feed` (empty = every feed), `header`, `field`, `non_personal`. `default.csv`
holds the Chinese name of every field and always applies; a sender's own map, named in the registry, goes before it.
A row whose field is not of the contract and whose `non_personal` is true lets that column's values in.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "column_maps"
DEFAULT = "default"


@dataclass(frozen=True)
class ColumnMap:
    """For one feed: `fields` maps header -> field; `non_personal` are the fields outside the contract let in."""

    fields: dict[str, str]
    non_personal: frozenset[str]

    def field(self, header: str) -> str | None:
        return self.fields.get(header)


def known_column_maps(folder: Path = FOLDER) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in folder.glob("*.csv")))


@cache
def load_column_map(name: str | None, feed: str, folder: Path = FOLDER) -> ColumnMap:
    """The map of `feed` for a sender whose registry entry names `name` (None: the default map alone)."""
    fields: dict[str, str] = {}
    non_personal: set[str] = set()
    for map_name in dict.fromkeys(part for part in (DEFAULT, name) if part):
        with (folder / f"{map_name}.csv").open(encoding="utf-8-sig", newline="") as stream:
            rows = [row for row in csv.DictReader(stream) if (row.get("feed") or feed) == feed]
        # A row for this feed alone goes before one for every feed.
        for row in sorted(rows, key=lambda row: bool(row.get("feed"))):
            fields[row["header"]] = row["field"]
            if (row.get("non_personal") or "").lower() == "true":
                non_personal.add(row["field"])
    return ColumnMap(fields, frozenset(non_personal))
