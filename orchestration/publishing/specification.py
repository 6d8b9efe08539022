"""`disclosure.yml` as objects: for each mart its keys, its units of counts, and the sums its cells stand in.

The file is data that a disclosure officer reads; `check` compares it with a mart's real columns and refuses what it
does not know, so that a new mart or a new count can't be published by forgetting about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from orchestration.publishing.errors import DisclosureError
from orchestration.yaml_text import read_yaml

SPECIFICATION_PATH = Path(__file__).with_name("disclosure.yml")
# Added to every published mart with units: true where anything in the row was withheld.
FLAG_COLUMN = "is_suppressed"
# Columns of these types hold no count; every other column has to be named.
_TYPES_WITHOUT_COUNTS = ("VARCHAR", "BOOLEAN", "DATE", "TIMESTAMP")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Total(_Strict):
    """Along `column`, the row `total` holds the sum of the other members (of `parts` only, or of all but `without`).

    `total` null: the sum is published elsewhere, or can be guessed, and counts as known.
    """

    column: str
    total: str | None
    parts: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


class Unit(_Strict):
    """Columns that are hidden together.

    `counts`: persons, registrations, certificates or claims; 1–4 hides the unit. `sums`: hours and amounts of those
    counted, which add up like them. `others`: shares, medians, rates. A unit is hidden wherever one of `follows` is.
    `where`: only rows with these key values hold such counts. `same_within`: the unit's value is one and the same over
    all rows with equal values of these keys, so that it is hidden in all of them or in none; `followed_where` narrows
    the rows of `follows` that matter to it.
    """

    counts: tuple[str, ...] = ()
    sums: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    where: dict[str, tuple[str, ...]] = {}
    followed_where: dict[str, tuple[str, ...]] = {}
    same_within: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.counts, *self.sums, *self.others)


class RunningTotal(_Strict):
    """`total` of a period = `total` of the one before + `of` of the period − `less` of it."""

    total: str
    of: str
    less: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.total, self.of, *([self.less] if self.less else []))


class Mart(_Strict):
    """One published mart. `time`: the key along which running totals run and publications grow. `absent_is_zero`:
    whether a row that it doesn't have stands for zeros; where false it says nothing of them."""

    keys: tuple[str, ...]
    time: str | None = None
    units: dict[str, Unit] = {}
    totals: tuple[Total, ...] = ()
    running_totals: tuple[RunningTotal, ...] = ()
    open: tuple[str, ...] = ()
    leave_out: str | None = None
    absent_is_zero: bool = True

    @model_validator(mode="after")
    def _consistent(self) -> Mart:
        columns = [column for unit in self.units.values() for column in unit.columns]
        counted = {column for unit in self.units.values() for column in (*unit.counts, *unit.sums)}
        problems = [f"{column} stands in two units" for column in set(columns) if columns.count(column) > 1]
        problems += [f"{total.column} is no key" for total in self.totals if total.column not in self.keys]
        problems += [
            f"{column} is in no unit"
            for running in self.running_totals
            for column in running.columns
            if column not in counted
        ]
        problems += [
            f"unit {name} follows {followed}, which is not there"
            for name, unit in self.units.items()
            for followed in unit.follows
            if followed not in self.units
        ]
        if self.time is not None and self.time not in self.keys:
            problems.append(f"time {self.time} is no key")
        if self.running_totals and self.time is None:
            problems.append("running_totals need time")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def unit_of(self, column: str) -> str:
        return next(name for name, unit in self.units.items() if column in unit.columns)


NATION_COLUMN, NATION = "province_code", "000000"


class CellRange(_Strict):
    """Cells of one column of a mart, narrowed by key values."""

    mart: str
    column: str
    where: dict[str, str] = {}


class Link(_Strict):
    """Each cell of `total` is the sum of the cells of `parts` with the same keys, those named in `where` aside.

    A `day` among the parts' keys is matched with the `period_start` it lies in.
    """

    total: CellRange
    parts: CellRange

    @property
    def marts(self) -> set[str]:
        """The two that it ties together."""
        return {self.total.mart, self.parts.mart}


class Specification(_Strict):
    """The whole file. `smallest_shown`: a count below it and above 0 is hidden. `withhold_zeros`: whether zeros may be
    hidden, and rows of zeros added, where nothing else protects a cell."""

    smallest_shown: int = Field(gt=1)
    withhold_zeros: bool
    dimensions: tuple[str, ...]
    record_level: tuple[str, ...]
    marts: dict[str, Mart]
    links: tuple[Link, ...] = ()

    @model_validator(mode="after")
    def _links_name_counts(self) -> Specification:
        for link in self.links:
            for side in (link.total, link.parts):
                mart = self.marts.get(side.mart)
                if mart is None or not any(side.column in (*unit.counts, *unit.sums) for unit in mart.units.values()):
                    raise ValueError(f"links: {side.mart}.{side.column} is no count or sum of a unit")
        return self

    def check(self, mart: str, columns: Mapping[str, str]) -> Mart:
        """The mart's entry, after comparing it with its real `columns` (name → DuckDB type). Raises DisclosureError."""
        entry = self.marts.get(mart)
        if entry is None:
            raise DisclosureError(
                f"marts.{mart}: disclosure.yml has no entry for it, so nothing says which of its counts are to be "
                f"hidden; describe it there, or set meta published: false in its model's yml"
            )
        named = {*entry.keys, *entry.open, *(column for unit in entry.units.values() for column in unit.columns)}
        if missing := sorted(named - set(columns)):
            raise DisclosureError(
                f"marts.{mart}: disclosure.yml names columns that it doesn't have: {', '.join(missing)}"
            )
        unnamed = [name for name in columns if name not in named and not _holds_no_count(columns[name])]
        if unnamed:
            raise DisclosureError(
                f"marts.{mart}: disclosure.yml doesn't say what {', '.join(unnamed)} counts; "
                f"put it into a unit, or under open where it counts no people, registrations, certificates or claims"
            )
        if FLAG_COLUMN in columns:
            raise DisclosureError(
                f"marts.{mart}: {FLAG_COLUMN} is added by the publication and can't be a mart's own column"
            )
        return entry


def _holds_no_count(duckdb_type: str) -> bool:
    return not duckdb_type.endswith("]") and duckdb_type.startswith(_TYPES_WITHOUT_COUNTS)


@cache
def load_specification(path: Path = SPECIFICATION_PATH) -> Specification:
    """Read disclosure.yml. Raises DisclosureError with one line for each key that is wrong."""
    return parse_specification(path.read_text(encoding="utf-8"), path.name)


def parse_specification(text: str, name: str = SPECIFICATION_PATH.name) -> Specification:
    """Parse the text of a specification. Raises DisclosureError."""
    try:
        return Specification.model_validate(read_yaml(text))
    except ValidationError as error:
        raise DisclosureError("\n".join(_lines(name, error.errors()))) from None
    except yaml.YAMLError as error:
        raise DisclosureError(f"{name}: {error}") from None


def _lines(name: str, errors: Iterable[Mapping[str, object]]) -> list[str]:
    lines = []
    for error in errors:
        location = error["loc"]
        assert isinstance(location, tuple)
        lines.append(f"{name}: {'.'.join(map(str, location)) or '(whole)'}: {error['msg']}")
    return lines
