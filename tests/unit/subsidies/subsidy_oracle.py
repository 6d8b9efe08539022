"""What all subsidies share, from the rules' wording alone: which rule, the order of reasons, how a cap is used up.

A world is a mapping core table → rows (dicts named as core's columns); only what the rules read is named.
Nothing here is taken from the models: loops, exact fractions and one pass in the order that the wording names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

Row = Mapping[str, Any]
World = Mapping[str, Sequence[Row]]
ORDER = (
    "not_counted",
    "not_completed",
    "hours_below_minimum",
    "hours_not_logged",
    "repeat_occupation_grade",
    "over_yearly_limit",
    "not_in_catalogue",
    "under_penalty",
    "no_rule",
    "cost_unknown",
    "not_in_eligible_group",
    "cap_applied",
    "day_cap_applied",
    "prepayment_over_share",
    "not_affected",
)
CUTS = {"cap_applied", "day_cap_applied"}


@dataclass
class Decision:
    event_date: date | None = None
    rule_id: str | None = None
    reasons: set[str] = field(default_factory=set)
    amount: Decimal = Decimal("0.00")

    @property
    def is_entitled(self) -> bool:
        return self.reasons <= CUTS

    @property
    def row(self) -> tuple:
        listed = [reason for reason in ORDER if reason in self.reasons]
        return self.event_date, self.rule_id, self.is_entitled, self.amount, listed

    def grant(self, amount: Decimal, rule: Row, registration: Row, year: int, used: dict[tuple, Decimal]) -> None:
        """Add what earlier money left of the rule's cap: of a project under all capping rules, of a year under one."""
        if rule["cap_cny"] is not None:
            project = registration["project_id"] or registration["registration_sk"]
            spent_on = {"per_project": (project,), "per_year": (rule["rule_id"], year)}[rule["cap_basis"]]
            account = registration["person_sk"], *spent_on
            left = max(rule["cap_cny"] - used[account], Decimal("0.00"))
            if amount > left:
                amount = left
                self.reasons.add("cap_applied")
            used[account] += amount
        self.amount += amount


def rule_for(world: World, scheme: str, registration: Row, day: date) -> Row | None:
    """The rule of the most specific level that has one for the grade."""
    grade = registration["course_grade"]
    valid = [rule for rule in world["dim_subsidy_rule"] if rule["scheme"] == scheme and is_valid(rule, day)]
    for level in levels(registration["region_code"]):
        here = [rule for rule in valid if rule["region_code"] == level and rule["grade"] in (None, grade)]
        if here:
            return min(here, key=lambda r: (r["grade"] is None, -r["valid_from"].toordinal(), r["rule_id"]))
    return None


def levels(code: str) -> tuple[str, ...]:
    is_corps = code.startswith(("66", "6590"))
    return code, code[:4] + "00", "660000" if is_corps else code[:2] + "0000", "000000"


def is_valid(row: Row, day: date, first: str = "valid_from", last: str = "valid_to") -> bool:
    return (row[first] is None or row[first] <= day) and (row[last] is None or day <= row[last])


def to_the_fen(amount: Fraction) -> Decimal:
    cents = Decimal(amount.numerator * 100) / Decimal(amount.denominator)
    return cents.quantize(Decimal(1), ROUND_HALF_UP) / 100


def held(**reasons: Any) -> set[str]:
    return {reason for reason, holds in reasons.items() if holds}


def seconds(length: timedelta) -> Fraction:
    return Fraction(length // timedelta(microseconds=1), 10**6)


def tie(registration: Row) -> tuple:
    return registration["registered_at"], registration["platform_id"], registration["registration_id"]
