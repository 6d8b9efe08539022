"""Each parameter of each subsidy rule in the seed, changed: what that rule decides changes, and nothing else does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from subsidy_seed import SEED, changed_value
from support.core_sql import Compiled, World, at

REGIONS = sorted({rule["region_code"] for rule in SEED} - {"000000"}) + ["420102"]
GRADES = (None, 1, 2, 3, 4, 5)
TRAINING = ("amount_cny", "share", "cap_cny", "cap_basis", "min_class_hours", "hours_tolerance_share", "grade")
PARAMETERS = {
    "training": (*TRAINING, "max_times_per_year", "measure", "valid_from", "valid_to", "region_code", "fund"),
    "living_allowance": (
        *("amount_cny", "max_days", "min_study_hours_per_day", "eligible_group_codes"),
        *("valid_from", "valid_to", "region_code", "fund"),
    ),
}
CASES = [
    (rule["rule_id"], name)
    for rule in SEED
    for name in PARAMETERS.get(str(rule["scheme"]), ())
    if rule[name] is not None
]
# Study of each registration, and class hours of each of a person’s certificates, at the limits of one rule or another
STUDIED_HOURS = 13
CLASS_HOURS = (8, 18, 14, 18, 10, 12, 16, 48)


@pytest.fixture(scope="module")
def probes(compiled_core: Compiled) -> World:
    """Registrations of each region and grade, certified and studied in all ways that a rule tells apart; no rules."""
    world = World(compiled_core)
    world.put("dim_group", *({"group_code": code, "is_living_allowance_eligible": True} for code in ("KG06A", "KG07")))
    registrations, certificates, studied, rosters = [], [], [], []
    for person, (region, grade) in enumerate([(region, grade) for region in REGIONS for grade in GRADES], start=1):
        rosters.append({"person_sk": person, "group_code": "KG07", "valid_from": at(0).date()})
        for number, class_hours in enumerate(CLASS_HOURS):
            key = person * 100 + number
            registrations.append(
                {
                    **{"registration_sk": key, "platform_id": "P1", "registration_id": f"R{key}", "person_sk": person},
                    **{"region_code": region, "province_code": region[:2] + "0000", "course_grade": grade},
                    **{"course_occupation_code": f"O{number}", "project_id": "J1" if number % 2 else None},
                    **{"registered_at": at(0), "completed_at": at(0), "is_counted": True},
                }
            )
            issued_at = at(0) + timedelta(days=40, hours=number)
            certificates.append(
                {
                    **{"registration_sk": key, "certificate_no": f"Z{key}", "issued_at": issued_at},
                    **{"class_hours": class_hours, "cost_cny": 600 + 10 * number, "is_revoked": False},
                }
            )
            # Each on days of its own
            for day in range(3):
                start = at(0) + timedelta(days=number * 3 + day, hours=8)
                end = start + timedelta(hours=STUDIED_HOURS / 3)
                studied.append({"registration_sk": key, "day": start.date(), "started_at": start, "ended_at": end})
    world.put("fct_registration", *registrations)
    world.put("fct_certificate", *certificates)
    world.put("fct_study_interval", *studied)
    world.put("fct_eligibility", *rosters)
    world.derive("fct_decisive_certificate")
    return world


def decisions(probes: World, rules: list[dict[str, Any]]) -> dict[tuple[str, int], tuple[Any, ...]]:
    """(scheme, registration) → rule, fund, entitled, money, reasons; both schemes over the same probes."""
    probes.replace("dim_subsidy_rule", *rules)
    probes.derive("fct_certified_registration", "fct_study_day_credit")
    found = {}
    for scheme, model in (("training", "fct_training_decision"), ("living_allowance", "fct_allowance_decision")):
        columns = ("registration_sk", "rule_id", "fund", "is_entitled", "entitled_amount_cny", "reasons")
        found |= {(scheme, row[0]): row[1:] for row in probes.rows(model, *columns)}
    return found


@pytest.fixture(scope="module")
def as_published(probes: World) -> dict[tuple[str, int], tuple[Any, ...]]:
    return decisions(probes, SEED)


def test_every_rule_that_decides_anything_decides_some_probe(as_published) -> None:
    deciding = {rule["rule_id"] for rule in SEED if rule["scheme"] in PARAMETERS}
    assert {rule_id for rule_id, *_ in as_published.values()} >= deciding


@pytest.mark.parametrize(("rule_id", "name"), CASES)
def test_a_changed_parameter_changes_what_its_rule_decides(
    probes: World, as_published, rule_id: str, name: str
) -> None:
    rules = [row | {name: changed_value(row, name)} if row["rule_id"] == rule_id else row for row in SEED]
    then = decisions(probes, rules)
    assert then.keys() == as_published.keys()
    changed = {key for key, decision in as_published.items() if then[key] != decision}
    assert changed
    scheme = next(row["scheme"] for row in SEED if row["rule_id"] == rule_id)
    # Where a rule takes part, others' decisions on the same person may follow: a repeat, a limit of the year
    persons = {
        key[1] // 100 for key in as_published if rule_id in (as_published[key][0], then[key][0]) and key[0] == scheme
    }
    assert {key[0] for key in changed} == {scheme}
    assert {key[1] // 100 for key in changed} <= persons
