"""An edited copy of seeds/subsidy_rules.csv, checked before anything is built with it."""

from __future__ import annotations

import csv
from collections.abc import Collection
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

# Lines of a spreadsheet and of an editor: the header is the first.
FIRST_ROW = 2


class RulesFileError(Exception):
    """The file can't be used as subsidy rules; one line for each thing that is wrong, with its row and field."""


Money = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=2)] | None
Share = Annotated[Decimal, Field(ge=0, le=1, decimal_places=6)] | None
Tolerance = Annotated[Decimal, Field(ge=0, max_digits=9, decimal_places=6)] | None
Hours = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=4)] | None
Whole = Annotated[int, Field(ge=0)] | None
Grade = Annotated[int, Field(ge=1, le=5)] | None
GroupCodes = Annotated[str, Field(pattern=r"^KG\d{2}[A-Z]?(;KG\d{2}[A-Z]?)*$")] | None

# Projects are settled by their plan, whatever their rule's measure says.
_MEASURES = {"training": ("per_certificate", "per_class_hour", "share_of_cost"), "living_allowance": ("per_study_day",)}


class SubsidyRule(BaseModel):
    """One row, as `rules.md` of the specification lays it out: money in CNY, shares from 0 to 1, hours as said."""

    model_config = ConfigDict(extra="forbid")

    rule_id: str = Field(min_length=1)
    scheme: Literal["training", "living_allowance", "project_prepayment", "project_settlement"]
    region_code: str = Field(pattern=r"^\d{6}$")
    valid_from: date
    valid_to: date
    measure: Literal["per_certificate", "per_class_hour", "share_of_cost", "per_study_day"] | None
    amount_cny: Money
    share: Share
    grade: Grade
    cap_cny: Money
    cap_basis: Literal["per_project", "per_year"] | None
    max_days: Whole
    min_class_hours: Hours
    hours_tolerance_share: Tolerance
    min_study_hours_per_day: Hours
    eligible_group_codes: GroupCodes
    max_times_per_year: Whole
    max_prepaid_share: Share
    overdue_days: Whole
    fund: Literal["special_account", "employment_fund"]
    document_no: str | None
    source: str | None
    is_assumed: Literal["true", "false"]

    @model_validator(mode="after")
    def _days_in_order(self) -> SubsidyRule:
        if self.valid_to < self.valid_from:
            raise ValueError("valid_to lies before valid_from")
        return self

    @model_validator(mode="after")
    def _measured(self) -> SubsidyRule:
        """What decides money needs a measure of its scheme, and the figure that the measure multiplies."""
        if self.scheme not in _MEASURES:
            return self
        if self.measure not in _MEASURES[self.scheme]:
            raise ValueError(f"measure: {self.scheme} is measured {' or '.join(_MEASURES[self.scheme])}")
        figure = "share" if self.measure == "share_of_cost" else "amount_cny"
        if getattr(self, figure) is None:
            raise ValueError(f"{figure}: {self.measure} needs it")
        return self


def check_rules_file(path: Path, group_codes: Collection[str]) -> int:
    """How many rules the file holds; `group_codes`: the groups there are. Raises RulesFileError."""
    rows = _read(path)
    problems: list[str] = []
    first_row_of: dict[str, int] = {}
    for number, row in enumerate(rows, start=FIRST_ROW):
        if None in row or None in row.values():
            problems.append(f"row {number}: not as many fields as the header has")
            continue
        try:
            rule = SubsidyRule.model_validate({name: value or None for name, value in row.items()})
        except ValidationError as error:
            problems += [f"row {number}{_field(part['loc'])}: {part['msg']}" for part in error.errors()]
            continue
        if unknown := [
            code for code in (rule.eligible_group_codes or "").split(";") if code and code not in group_codes
        ]:
            # It would pay nobody, and nothing would say so.
            problems.append(f"row {number}, eligible_group_codes: no such group: {', '.join(unknown)}")
        if (first := first_row_of.setdefault(rule.rule_id, number)) != number:
            problems.append(f"row {number}, rule_id: {rule.rule_id} stands in row {first} already")
    if not rows:
        problems.append("no rule in it")
    if problems:
        raise RulesFileError("\n".join(f"{path.name}: {problem}" for problem in problems))
    return len(rows)


def read_group_codes(seeds_dir: Path) -> frozenset[str]:
    """The codes of `key_groups.csv`. Raises RulesFileError."""
    path = seeds_dir / "key_groups.csv"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return frozenset(row["group_code"] for row in csv.DictReader(file))
    except (OSError, KeyError, UnicodeDecodeError) as error:
        raise RulesFileError(f"{path}: can't be read as the list of groups ({type(error).__name__})") from None


def _read(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            given, wanted = reader.fieldnames or [], list(SubsidyRule.model_fields)
            if sorted(given) != sorted(wanted):
                raise RulesFileError(
                    f"{path.name}: its columns are not those of subsidy_rules.csv\n"
                    f"{path.name}: missing: {', '.join(c for c in wanted if c not in given) or 'none'}\n"
                    f"{path.name}: unknown: {', '.join(c for c in given if c not in wanted) or 'none'}"
                )
            return list(reader)
    except OSError as error:
        raise RulesFileError(f"--rules {path}: can't be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise RulesFileError(f"{path.name}: not UTF-8; save it as CSV UTF-8") from None


def _field(location: tuple[int | str, ...]) -> str:
    # A union's branches have locations of their own below the field's.
    return f", {location[0]}" if location else ""
