"""Each parameter of the rules on prepayment, and each deadline of a claim, changed: what that rule decides changes, and
nothing else does."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from subsidy_seed import SEED, changed_value
from support.core_sql import Compiled, World

REGIONS = sorted({rule["region_code"] for rule in SEED} - {"000000"}) + ["420102"]
DEADLINE_CASES = [
    (rule["rule_id"], name)
    for rule in SEED
    if rule["overdue_days"] is not None
    for name in ("overdue_days", "valid_from", "valid_to", "region_code")
]
PREPAYMENT_CASES = [
    (rule["rule_id"], name)
    for rule in SEED
    if rule["scheme"] == "project_prepayment"
    for name in ("max_prepaid_share", "valid_from", "valid_to", "region_code")
]
CLAIMED_ON, STARTS_ON = date(2020, 4, 10), date(2020, 4, 1)
PLANNED = Decimal(10_000)
# Of the planned amount: nothing, within every share in question, at the published one, and a fen above it
PREPAID = (Decimal(0), Decimal(2_000), Decimal(5_000), Decimal("5000.01"))


def with_change(rule_id: str, name: str) -> list[dict[str, Any]]:
    return [row | {name: changed_value(row, name)} if row["rule_id"] == rule_id else row for row in SEED]


def deadlines(compiled: Compiled, rules: list[dict[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """payment → rule, days and the day from which it is overdue; a claim of each scheme in each region."""
    world = World(compiled)
    world.put("dim_subsidy_rule", *rules)
    world.put(
        "fct_subsidy_payment",
        *(
            {
                **{"sender_id": _province(region), "province_code": _province(region), "region_code": region},
                **{"payment_id": f"{scheme} {region}", "scheme": scheme, "claimed_on": CLAIMED_ON},
            }
            for scheme in sorted({str(rule["scheme"]) for rule in SEED})
            for region in REGIONS
        ),
    )
    rows = world.rows("fct_claim_deadline", "payment_id", "rule_id", "overdue_days", "overdue_on")
    return {row[0]: row[1:] for row in rows}


def projects(compiled: Compiled, rules: list[dict[str, Any]]) -> dict[str, list[str]]:
    """project → reasons; projects in each region, prepaid so much or so much."""
    world = World(compiled)
    world.put("dim_subsidy_rule", *rules)
    probes = [(f"{region} {number}", region, prepaid) for region in REGIONS for number, prepaid in enumerate(PREPAID)]
    world.put(
        "dim_training_project",
        *(
            {
                **{"project_id": project_id, "province_code": _province(region), "region_code": region},
                **{"kind": "enterprise_online", "affected_by_epidemic": True, "starts_on": STARTS_ON},
                **{"ends_on": STARTS_ON + timedelta(days=30), "planned_learners": 10, "planned_amount_cny": PLANNED},
            }
            for project_id, region, _ in probes
        ),
    )
    world.put(
        "fct_subsidy_payment",
        *(
            {
                **{"sender_id": _province(region), "province_code": _province(region), "payment_id": project_id},
                **{"project_id": project_id, "scheme": "project_prepayment", "status": "paid", "amount_cny": prepaid},
            }
            for project_id, region, prepaid in probes
        ),
    )
    return dict(world.rows("enterprise_training", "project_id", "reasons"))


def _province(region: str) -> str:
    return f"{region[:2]}0000"


@pytest.fixture(scope="module")
def deadlines_as_published(compiled_core: Compiled) -> dict[str, tuple[Any, ...]]:
    return deadlines(compiled_core, SEED)


@pytest.fixture(scope="module")
def projects_as_published(compiled_core: Compiled) -> dict[str, list[str]]:
    return projects(compiled_core, SEED)


@pytest.mark.parametrize(("rule_id", "name"), DEADLINE_CASES)
def test_a_changed_deadline_changes_when_claims_of_its_scheme_are_overdue(
    compiled_core: Compiled, deadlines_as_published, rule_id: str, name: str
) -> None:
    then = deadlines(compiled_core, with_change(rule_id, name))
    scheme = next(str(rule["scheme"]) for rule in SEED if rule["rule_id"] == rule_id)
    decided_by_it = {key for key, (by, *_) in deadlines_as_published.items() if by == rule_id}
    changed = {key for key in deadlines_as_published if then.get(key) != deadlines_as_published[key]}
    assert decided_by_it and {key.split()[0] for key in decided_by_it} == {scheme}
    assert changed == decided_by_it


@pytest.mark.parametrize(("rule_id", "name"), PREPAYMENT_CASES)
def test_a_changed_rule_on_prepayment_changes_which_of_its_projects_got_too_much(
    compiled_core: Compiled, projects_as_published, rule_id: str, name: str
) -> None:
    then = projects(compiled_core, with_change(rule_id, name))
    assert then.keys() == projects_as_published.keys()
    changed = {key for key in then if then[key] != projects_as_published[key]}
    of_fujian = {key for key in then if key.startswith("35")}
    # Fujian's rule says of itself what the nation's says of all others
    if rule_id == "FUJIAN-PREPAY":
        assert changed <= of_fujian
        assert bool(changed) == (name == "max_prepaid_share")
    else:
        assert changed and not changed & of_fujian


def test_only_what_is_above_the_share_is_too_much(projects_as_published) -> None:
    for project_id, reasons in projects_as_published.items():
        assert reasons == (["prepayment_over_share"] if project_id.endswith(" 3") else []), project_id
