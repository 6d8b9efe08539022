"""The people: identity, home, groups. Everybody is invented."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.sandbox import identity
from orchestration.sandbox.places import Places, groups_of_codes
from orchestration.sources.feeds import GROUP_CODES

# Share of the people who belong to each group; several may hold for one person.
GROUP_SHARES = {
    "KG01": 0.10, "KG02": 0.05, "KG03": 0.14, "KG04": 0.07, "KG05": 0.08, "KG06": 0.02, "KG06A": 0.02, "KG06B": 0.01,
    "KG07": 0.09, "KG08": 0.04, "KG09": 0.01, "KG99": 0.30,
}  # fmt: skip
PERMIT_AREAS = np.array([810000, 820000, 830000])


@dataclass(frozen=True)
class People:
    """Arrays with one entry a person. `groups` is a bit mask over GROUP_CODES, `home` an index into Places."""

    id_type: np.ndarray
    id_number: np.ndarray
    name: np.ndarray
    phone: np.ndarray
    home: np.ndarray
    groups: np.ndarray

    def __len__(self) -> int:
        return len(self.id_type)


def draw_people(rng: np.random.Generator, count: int, places: Places) -> People:
    kind = rng.choice(3, count, p=[0.97, 0.015, 0.015])
    home = places.draw(rng, count)
    areas = np.where(
        kind == identity.PERMIT, PERMIT_AREAS[rng.integers(0, 3, count)], places.draw_birth_areas(rng, count)
    )
    days = np.datetime64("1958-01-01") + rng.beta(1.6, 1.8, count) * 17_600 // 1 * np.timedelta64(1, "D")
    years, months = days.astype("datetime64[Y]"), days.astype("datetime64[M]")
    birthdays = (
        (years.astype(int) + 1970) * 10_000
        + (months.astype(int) % 12 + 1) * 100
        + (days - months.astype("datetime64[D]")).astype(int)
        + 1
    )
    numbers = _unique_numbers(rng, areas, birthdays).astype(object)
    passports = np.flatnonzero(kind == identity.PASSPORT)
    serials = rng.choice(9_000_000, len(passports), replace=False) + 1_000_000
    numbers[passports] = [f"{'EGK'[serial % 3]}{serial}" for serial in serials.tolist()]
    draws = rng.random((count, len(GROUP_CODES))) < np.array([GROUP_SHARES[code] for code in GROUP_CODES])
    groups = (draws * (1 << np.arange(len(GROUP_CODES)))).sum(axis=1)
    only_others = groups_of_codes(["KG99"])
    groups = np.where(groups & ~only_others, groups & ~only_others, groups)
    return People(kind, numbers, identity.names(rng, count), identity.phones(rng, count), home, groups)


def _unique_numbers(rng: np.random.Generator, areas: np.ndarray, birthdays: np.ndarray) -> np.ndarray:
    sequences = rng.integers(1, 1000, len(areas))
    while True:
        numbers = identity.id_numbers(areas, birthdays, sequences)
        _, first = np.unique(numbers, return_index=True)
        repeated = np.setdiff1d(np.arange(len(numbers)), first)
        if not len(repeated):
            return numbers
        sequences[repeated] = rng.integers(1, 1000, len(repeated))
