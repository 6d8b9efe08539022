"""The seed's subsidy rules, and each of their fields otherwise."""

from __future__ import annotations

import csv
from decimal import Decimal
from typing import Any

from orchestration.settings import PROJECT_ROOT

with (PROJECT_ROOT / "seeds" / "subsidy_rules.csv").open(encoding="utf-8", newline="") as file:
    SEED = [{name: value or None for name, value in row.items()} for row in csv.DictReader(file)]
OTHER_TEXT = {
    "cap_basis": {"per_project": "per_year", "per_year": "per_project"},
    "fund": {"special_account": "employment_fund", "employment_fund": "special_account"},
    "measure": {
        "per_certificate": "per_class_hour",
        "per_class_hour": "per_certificate",
        "share_of_cost": "per_certificate",
    },
}


def changed_value(rule: dict[str, Any], name: str) -> Any:
    """Another value for one field of a rule, far enough from its own to decide otherwise."""
    value = str(rule[name])
    if name in OTHER_TEXT:
        return OTHER_TEXT[name][value]
    if name == "eligible_group_codes":
        return "KG06A"
    if name == "region_code":
        return "650000"
    if name == "valid_from":
        return "2020-12-30"
    if name == "valid_to":
        return "2020-01-02"
    if name == "grade":
        return {"5": "1"}.get(value, "5")
    if name == "min_study_hours_per_day":
        return "20"
    if name == "hours_tolerance_share":
        return "0"
    if name in ("max_times_per_year", "max_days"):
        return "1"
    if name == "min_class_hours":
        return "11"
    return str(Decimal(value) / 2)
