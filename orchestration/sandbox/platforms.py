"""The 54 platforms and 32 bureaus: who they are, how they deliver, when they were selected.

Ten platforms carry names from published sources, the rest are named as samples. Selection dates, ways of delivery and
all data are invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from orchestration.sandbox.reference import named_platforms, regions
from orchestration.sources.feeds import BUREAU_FEEDS, PLATFORM_FEEDS

PLATFORM_COUNT = 54
XAPI = (24, 25, 26, 27, 28, 29)
MINISTRY = (1, 11, 12, 13, 14, 15)
# How each platform that delivers by files writes them.
FILE_FORMATS = {
    31: "csv_gb18030_zh", 47: "csv", 48: "tsv.gz", 49: "ndjson.zst", 50: "parquet", 51: "xlsx", 52: "csv.zst",
    53: "csv_zh",
}  # fmt: skip
SELECTED_LATE = {
    16: "2020-03-30", 21: "2020-04-13", 34: "2020-04-13", 38: "2020-04-27", 40: "2020-05-11", 45: "2020-05-25",
    48: "2020-05-11", 54: "2020-06-01",
}  # fmt: skip
DROPPED = {22: "2020-05-10", 37: "2020-06-07", 50: "2020-06-21"}
SELECTED_BY_PROVINCE = {41: "440000", 42: "420000", 43: "510000", 44: "330000", 45: "420000", 46: "660000"}
WITHOUT_REMINDERS = (19, 33, 39)
SNAPSHOT_FEEDS = {("P052", "courses"), ("500000", "institutions")}
DUE_EVERY_PERIOD = {
    ("420000", "eligibility_rosters"),
    ("510000", "eligibility_rosters"),
    ("440000", "subsidy_payments"),
}
MUNICIPALITIES = ("110000", "120000", "310000", "500000")


@dataclass(frozen=True)
class EarlierSelection:
    """What the registry said of a platform until a moment (wall seconds), from which on it says what the spec says."""

    until: int
    selected_from: date
    selected_to: date | None
    selected_by: str


@dataclass(frozen=True)
class PlatformSpec:
    """`connector` is that of every feed but learning_records, which `learning_connector` names."""

    number: int
    name: str
    connector: str
    learning_connector: str
    file_format: str | None
    is_ministry_affiliated: bool
    selected_from: date
    selected_to: date | None
    selected_by: str
    feeds: tuple[str, ...]
    weight: float
    before: EarlierSelection | None = None

    def selection_at(self, moment: int) -> PlatformSpec | EarlierSelection:
        """What the registry said just before a moment (wall seconds)."""
        return self.before if self.before and moment <= self.before.until else self

    @property
    def id(self) -> str:
        return f"P{self.number:03d}"

    @property
    def token_variable(self) -> str:
        return f"PLATFORM_{self.id}_TOKEN"


@dataclass(frozen=True)
class BureauSpec:
    id: str
    name: str
    province_name: str
    file_headers: str  # names | chinese: how the bureau heads the columns of its csv files
    feeds: tuple[str, ...] = BUREAU_FEEDS


def platforms(first_day: date) -> tuple[PlatformSpec, ...]:
    names = [*named_platforms(), *(f"样例平台{n:02d}" for n in range(len(named_platforms()) + 1, PLATFORM_COUNT + 1))]
    found = []
    for number, name in enumerate(names, start=1):
        file_format = FILE_FORMATS.get(number)
        connector = "files" if file_format else "rest"
        found.append(
            PlatformSpec(
                number=number,
                name=name,
                connector=connector,
                learning_connector="xapi" if number in XAPI else connector,
                file_format=file_format,
                is_ministry_affiliated=number in MINISTRY,
                selected_from=date.fromisoformat(SELECTED_LATE[number]) if number in SELECTED_LATE else first_day,
                selected_to=date.fromisoformat(DROPPED[number]) if number in DROPPED else None,
                selected_by=SELECTED_BY_PROVINCE.get(number, "ministry"),
                feeds=tuple(f for f in PLATFORM_FEEDS if f != "reminders" or number not in WITHOUT_REMINDERS),
                weight=(number + 5) ** -0.85,
            )
        )
    return tuple(found)


def bureaus() -> tuple[BureauSpec, ...]:
    return tuple(
        BureauSpec(
            id=code,
            name=f"{name}人力资源和社会保障{'局' if code in (*MUNICIPALITIES, '660000') else '厅'}",
            province_name=name,
            file_headers="chinese" if number % 8 == 3 else "names",
        )
        for number, (code, name) in enumerate(regions().bureaus)
    )


def weights(specs: tuple[PlatformSpec, ...]) -> np.ndarray:
    values = np.array([spec.weight for spec in specs])
    return values / values.sum()
