"""The marts as grids: every combination of a mart's keys, with or without a row.

rows of the marts → MartRows (keys as numbers, counts and sums as floats) → Grid
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from orchestration.publishing.errors import DisclosureError
from orchestration.publishing.specification import Specification

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.str_]

# A mart whose keys multiply to more cells than this is no cross table; its suppression needs another way.
MAX_GRID_CELLS = 20_000_000


@dataclass(frozen=True)
class Labels:
    """A key column: its distinct values in order, as text, and for each row the number of its own."""

    members: Texts
    codes: Ints

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> Labels:
        """Of a column without NULLs, of any type that can be told as text."""
        encoded = column.combine_chunks().cast(pa.string()).dictionary_encode()
        members = np.array(encoded.dictionary.to_pylist(), dtype=np.str_)
        order = np.argsort(members)
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        return cls(members[order], rank[np.asarray(encoded.indices)])


@dataclass(frozen=True)
class MartRows:
    """A mart as read: its keys, and one array of floats per count or sum (NaN for NULL), all as long."""

    keys: Mapping[str, Labels]
    values: Mapping[str, Floats]

    @property
    def rows_count(self) -> int:
        return len(next(iter(self.keys.values())).codes)


class Grid:
    """Every combination of a mart's key values, numbered in key order; `rows` has the mart's row of each, or -1."""

    def __init__(self, mart: str, rows: MartRows, members: Mapping[str, Texts] | None = None) -> None:
        """`members`: of each key those that the grid has, at least the rows' own; default: just these."""
        self.mart = mart
        self.keys = tuple(rows.keys)
        self.members: dict[str, Texts] = {key: (members or {}).get(key, rows.keys[key].members) for key in self.keys}
        self.shape = tuple(len(self.members[key]) for key in self.keys)
        self.size = int(np.prod(self.shape))
        if self.size > MAX_GRID_CELLS:
            raise DisclosureError(f"marts.{mart}: its keys {', '.join(self.keys)} multiply to {self.size:,} cells")
        self.rows = np.full(self.size, -1, dtype=np.int64)
        self.place_of_row = self.places(rows)
        self.rows[self.place_of_row] = np.arange(rows.rows_count)
        if np.count_nonzero(self.rows >= 0) != rows.rows_count:
            raise DisclosureError(f"marts.{mart}: two rows with the same {', '.join(self.keys)}")

    def places(self, rows: MartRows) -> Ints:
        """The number within the grid of each row."""
        if rows.rows_count == 0:
            return np.empty(0, dtype=np.int64)
        labels = [(self.members[key], rows.keys[key]) for key in self.keys]
        codes = [np.searchsorted(members, label.members)[label.codes] for members, label in labels]
        return np.ravel_multi_index(codes, self.shape).astype(np.int64)

    def codes(self, key: str) -> Ints:
        """For each cell of the grid the number of its member of `key`."""
        axis = self.keys.index(key)
        shape = [1] * len(self.shape)
        shape[axis] = self.shape[axis]
        codes = np.arange(self.shape[axis], dtype=np.int64).reshape(shape)
        return np.broadcast_to(codes, self.shape).reshape(-1)

    def equals(self, wanted: Mapping[str, Iterable[str]]) -> Bools:
        """The cells whose keys have one of the wanted values."""
        chosen = np.ones(self.size, dtype=bool)
        for key, values in wanted.items():
            if key in self.keys:
                chosen &= np.isin(self.members[key], np.array(list(values), dtype=np.str_))[self.codes(key)]
        return chosen

    def until(self, time: str | None, last_day: date | None) -> Bools:
        """The cells whose day or period has begun on `last_day`, the day of the marts' clock: a past moment has no rows
        of later ones, though a publication since then has. Without one of the two: all cells."""
        if time is None or last_day is None:
            return np.ones(self.size, dtype=bool)
        return (self.members[time] <= last_day.isoformat())[self.codes(time)]

    def across(self, keys: Iterable[str]) -> Ints:
        """A number for each cell that is equal for cells with equal values of `keys`."""
        number = np.zeros(self.size, dtype=np.int64)
        for key in keys:
            number = number * len(self.members[key]) + self.codes(key)
        return number


def build_grids(
    specification: Specification, marts: Mapping[str, MartRows], earlier: Iterable[Mapping[str, MartRows]] = ()
) -> dict[str, Grid]:
    """A grid for each mart that has units, wide enough for the rows of earlier publications too."""
    layers = list(earlier)
    members: dict[str, dict[str, Texts]] = {}
    for name, rows in marts.items():
        if specification.marts[name].units:
            of_all = [rows, *(layer[name] for layer in layers if name in layer)]
            members[name] = {
                key: np.unique(np.concatenate([each.keys[key].members for each in of_all])) for key in rows.keys
            }
    _share_members(specification, members)
    return {name: Grid(name, marts[name], of_mart) for name, of_mart in members.items()}


def _share_members(specification: Specification, members: dict[str, dict[str, Texts]]) -> None:
    """Give linked marts the same members of the keys that they share: a province that one of them has no row of is a
    sum of zero there, which tells of the other mart as any sum does. Days and periods are each mart's own."""
    links = [link for link in specification.links if link.marts <= set(members)]
    is_settled = False
    while not is_settled:
        is_settled = True
        for link in links:
            one, other = members[link.total.mart], members[link.parts.mart]
            times = {specification.marts[name].time for name in link.marts}
            for key in (one.keys() & other.keys()) - link.total.where.keys() - link.parts.where.keys() - times:
                both = np.union1d(one[key], other[key])
                is_settled &= len(both) == len(one[key]) == len(other[key])
                one[key] = other[key] = both
