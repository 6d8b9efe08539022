"""The sandbox's own extracts of published lists as arrays: regions, key regions, occupations, platform names."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent / "reference"
CORPS = "660000"
UNKNOWN_PROVINCE = "990000"
NATION = "000000"
WITHOUT_BUREAU = ("710000", "810000", "820000")


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@dataclass(frozen=True)
class Regions:
    """GB/T 2260: `code[i]` is in force in the years `start_year[i]` to `end_year[i]`, both inclusive."""

    code: tuple[str, ...]
    name: tuple[str, ...]
    level: tuple[str, ...]
    start_year: np.ndarray
    end_year: np.ndarray

    @property
    def provinces(self) -> tuple[tuple[str, str], ...]:
        return tuple((c, n) for c, n, lv in zip(self.code, self.name, self.level, strict=True) if lv == "province")

    @property
    def bureaus(self) -> tuple[tuple[str, str], ...]:
        """Code and name of the 31 provinces and the Corps."""
        return (
            *(pair for pair in self.provinces if pair[0] not in WITHOUT_BUREAU),
            (CORPS, "新疆生产建设兵团"),
        )


@cache
def regions() -> Regions:
    rows = _rows("regions")
    return Regions(
        code=tuple(row["code"] for row in rows),
        name=tuple(row["name"] for row in rows),
        level=tuple(row["level"] for row in rows),
        start_year=np.array([int(row["start_year"] or 0) for row in rows]),
        end_year=np.array([int(row["end_year"] or 9999) for row in rows]),
    )


@cache
def sanqu_sanzhou() -> tuple[tuple[str, ...], frozenset[str]]:
    """Prefixes (of a province, two digits, or a prefecture, four) and single counties."""
    prefixes: list[str] = []
    counties: list[str] = []
    for row in _rows("sanqu_sanzhou"):
        code = row["code"]
        if code.endswith("0000"):
            prefixes.append(code[:2])
        elif code.endswith("00"):
            prefixes.append(code[:4])
        else:
            counties.append(code)
    return tuple(prefixes), frozenset(counties)


@cache
def supervised_counties() -> tuple[str, ...]:
    return tuple(row["code"] for row in _rows("supervised_counties"))


@cache
def occupations() -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Codes, names, categories."""
    rows = _rows("occupations")
    return (
        tuple(row["occupation_code"] for row in rows),
        tuple(row["name_zh"] for row in rows),
        tuple(row["category"] for row in rows),
    )


@cache
def named_platforms() -> tuple[str, ...]:
    return tuple(row["name"] for row in _rows("named_platforms"))


def is_sanqu_sanzhou(code: str) -> bool:
    prefixes, counties = sanqu_sanzhou()
    return code.startswith(prefixes) or code in counties
