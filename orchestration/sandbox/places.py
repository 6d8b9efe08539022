"""Where people register: region codes with their weights, the special ones included, and what the rules say of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from orchestration.sandbox.reference import (
    CORPS,
    UNKNOWN_PROVINCE,
    is_sanqu_sanzhou,
    regions,
    supervised_counties,
)
from orchestration.sources.feeds import GROUP_CODES

# Rough weights of the provinces; what matters is that they differ.
PROVINCE_WEIGHTS = {
    "11": 22, "12": 14, "13": 75, "14": 35, "15": 25, "21": 43, "22": 25, "23": 36, "31": 25, "32": 82, "33": 60,
    "34": 62, "35": 40, "36": 46, "37": 100, "41": 97, "42": 110, "43": 67, "44": 118, "45": 50, "46": 10, "50": 32,
    "51": 84, "52": 39, "53": 48, "54": 6, "61": 39, "62": 27, "63": 8, "64": 8, "65": 24, "71": 0.4, "81": 0.6,
    "82": 0.3,
}  # fmt: skip
CORPS_CODES = ("660000", "660100", "660800", "661200", "669900")
YEAR = 2020  # every registration lies in it
UNKNOWN_CODES = ("999999", "420199", "110100", "889900", "440399")


@dataclass(frozen=True)
class Places:
    """Arrays with one entry a code that occurs, known or not. `weight` sums to 1 over the codes drawn as homes."""

    code: np.ndarray
    weight: np.ndarray
    province: np.ndarray  # as rule 3 of the marts has it; every day drawn lies in 2020
    is_hubei: np.ndarray
    is_sanqu_sanzhou: np.ndarray
    is_supervised: np.ndarray
    birth_areas: np.ndarray

    def draw(self, rng: np.random.Generator, count: int) -> np.ndarray:
        return rng.choice(len(self.code), count, p=self.weight)

    def draw_birth_areas(self, rng: np.random.Generator, count: int) -> np.ndarray:
        return rng.choice(self.birth_areas, count)


def draw_places() -> Places:
    """The weights: by province; key regions and the codes that changed in 2020 are heavier than their size."""
    listed = regions()
    supervised = frozenset(supervised_counties())
    codes, weights = [], []
    by_province = {prefix: sum(c.startswith(prefix) for c in listed.code) for prefix in PROVINCE_WEIGHTS}
    for code, level, start, end in zip(listed.code, listed.level, listed.start_year, listed.end_year, strict=True):
        weight = PROVINCE_WEIGHTS[code[:2]] / by_province[code[:2]]
        weight *= {"county": 1.0, "prefecture": 0.6, "province": 0.8}[level]
        weight *= 4.0 if code in supervised else 1.5 if is_sanqu_sanzhou(code) else 1.0
        weight *= 5.0 if start == 2020 or end == 2020 else 1.0
        weight *= 8.0 if code.startswith("6590") else 1.0
        codes.append(code)
        weights.append(weight)
    total = sum(weights)
    codes += [*CORPS_CODES, *UNKNOWN_CODES]
    weights += [total * 0.006] * len(CORPS_CODES) + [total * 0.002] * len(UNKNOWN_CODES)
    in_force = (listed.start_year <= YEAR) & (listed.end_year >= YEAR)
    known = {code for code, holds in zip(listed.code, in_force.tolist(), strict=True) if holds}
    return Places(
        code=np.array(codes),
        weight=np.array(weights) / sum(weights),
        province=np.array([_province(code, known) for code in codes]),
        is_hubei=np.array([code.startswith("42") for code in codes]),
        is_sanqu_sanzhou=np.array([is_sanqu_sanzhou(code) for code in codes]),
        is_supervised=np.array([code in supervised for code in codes]),
        birth_areas=np.array(
            [
                int(c)
                for c, level in zip(listed.code, listed.level, strict=True)
                if level == "county" and int(c[:2]) < 70
            ]
        ),
    )


def _province(code: str, known: set[str]) -> str:
    """Rule 3. The lists give years of validity, not days, so a code of 2020 is known on every day of it."""
    if code.startswith(("66", "6590")):
        return CORPS
    return code[:2] + "0000" if code in known else UNKNOWN_PROVINCE


def groups_of_codes(codes: Sequence[str]) -> int:
    """The bit mask of group codes."""
    return sum(1 << GROUP_CODES.index(code) for code in codes)
