"""Enterprises' projects: what is earned, prepaid, settled and left, against a look at every learner and payment."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from subsidy_oracle import ORDER, Row, held, rule_for, to_the_fen
from support.core_sql import Compiled, World

CLOCK = datetime.combine(date(2020, 4, 10), time(12))
TODAY = CLOCK.date()
DAYS = tuple(TODAY + timedelta(days=number) for number in (-18, -5, -1, 0, 1, 8))
BUREAUS = ("420000", "430000")
NUMBERS = ("J1", "J2", "J3")
NOTHING = Decimal("0.00")


@pytest.mark.parametrize("seed", range(12))
def test_what_is_settled_or_recovered_of_a_project_follows_from_its_learners(
    compiled_core: Compiled, seed: int
) -> None:
    tables = _tables(Random(seed))
    world = World(compiled_core)
    world.set_clock(CLOCK)
    for table, rows in tables.items():
        world.put(table, *rows)
    found = world.rows(
        "enterprise_training",
        *("province_code", "project_id", "registered_learners", "completed_learners", "prepaid_amount_cny"),
        *("earned_amount_cny", "settled_amount_cny", "to_settle_amount_cny", "to_recover_amount_cny", "reasons"),
    )
    projects = [one for one in tables["dim_training_project"] if one["kind"] != "catalogue"]
    assert found == sorted(_expected(tables, one, projects) for one in projects)


def _expected(tables: dict[str, list[Row]], project: Row, projects: list[Row]) -> tuple:
    number, bureau = project["project_id"], project["province_code"]
    is_shared = sum(one["project_id"] == number for one in projects) > 1
    learners = [
        one
        for one in tables["fct_registration"]
        if one["is_counted"]
        and one["project_id"] == number
        and one["registered_at"] <= CLOCK
        # A number is a bureau's own: where two use it, a learner belongs to the own province's
        and (not is_shared or one["province_code"] == bureau)
    ]
    registered = {one["person_sk"] for one in learners}
    completed = {one["person_sk"] for one in learners if one["completed_at"] and one["completed_at"] <= CLOCK}
    prepaid, settled = (_paid(tables, project, scheme) for scheme in ("project_prepayment", "project_settlement"))
    planned, amount = project["planned_learners"] or 0, project["planned_amount_cny"] or NOTHING
    earned = to_the_fen(Fraction(amount) * min(len(completed), planned) / planned) if planned else NOTHING
    has_ended = project["ends_on"] is not None and project["ends_on"] < TODAY
    asked = {"region_code": project["region_code"], "course_grade": project["grade"]}
    rule = rule_for(tables, "project_prepayment", asked, project["starts_on"])
    most = (rule and rule["max_prepaid_share"]) or 0
    reasons = held(
        prepayment_over_share=prepaid > most * amount,
        not_affected=prepaid > 0 and not project["affected_by_epidemic"],
    )
    to_settle = max(earned - prepaid - settled, NOTHING)
    to_recover = max(prepaid - earned, NOTHING) if has_ended else NOTHING
    money = prepaid, earned, settled, to_settle, to_recover
    return bureau, number, len(registered), len(completed), *money, [one for one in ORDER if one in reasons]


def _paid(tables: dict[str, list[Row]], project: Row, scheme: str) -> Decimal:
    """What is with the enterprise: recovered money is not."""
    return sum(
        (
            one["amount_cny"]
            for one in tables["fct_subsidy_payment"]
            if one["scheme"] == scheme
            and (one["sender_id"], one["project_id"]) == (project["province_code"], project["project_id"])
            and one["status"] == "paid"
            and one["paid_on"] <= TODAY
        ),
        NOTHING,
    )


def _tables(dice: Random) -> dict[str, list[dict[str, Any]]]:
    keys = dice.sample([(bureau, number) for bureau in BUREAUS for number in NUMBERS], 5)
    return {
        "dim_training_project": [_project(dice, *key) for key in keys],
        "dim_subsidy_rule": [_rule(dice, number) for number in range(5)],
        "fct_registration": [_registration(dice, number) for number in range(20)],
        "fct_subsidy_payment": [_payment(dice, number) for number in range(10)],
    }


def _project(dice: Random, bureau: str, number: str) -> dict[str, Any]:
    return {
        "province_code": bureau,
        "project_id": number,
        "kind": dice.choice(("enterprise_online", "enterprise_online", "project_based", "catalogue")),
        "grade": dice.choice((None, 5)),
        "affected_by_epidemic": dice.choice((True, False, None)),
        "planned_learners": dice.choice((None, 0, 1, 2, 3, 7)),
        "planned_amount_cny": dice.choice((None, Decimal("100.00"), Decimal("100.01"), Decimal("200.03"))),
        "starts_on": dice.choice(DAYS),
        "ends_on": dice.choice((*DAYS, None)),
        "region_code": bureau[:4] + dice.choice(("00", "01")),
    }


def _rule(dice: Random, number: int) -> dict[str, Any]:
    return {
        "rule_id": f"Q{number}",
        "scheme": dice.choice(("project_prepayment", "project_prepayment", "project_prepayment", "training")),
        "region_code": dice.choice((*BUREAUS, "000000")),
        "valid_from": dice.choice(DAYS[:3]),
        "valid_to": dice.choice((*DAYS[3:], None)),
        "grade": dice.choice((None, None, 5)),
        "max_prepaid_share": dice.choice((None, Decimal("0.25"), Decimal("0.5"))),
    }


def _registration(dice: Random, number: int) -> dict[str, Any]:
    noons = [datetime.combine(day, time(12)) for day in DAYS]
    return {
        "registration_sk": number,
        "person_sk": dice.randint(1, 6),
        "project_id": dice.choice((*NUMBERS, None)),
        "province_code": dice.choice((*BUREAUS, "440000")),
        "is_counted": dice.random() < 0.85,
        "registered_at": dice.choice(noons),
        "completed_at": dice.choice((None, *noons)),
    }


def _payment(dice: Random, number: int) -> dict[str, Any]:
    bureau = dice.choice(BUREAUS)
    return {
        "sender_id": bureau,
        "province_code": bureau,
        "payment_id": f"Y{number}",
        "scheme": dice.choice(("project_prepayment", "project_prepayment", "project_settlement", "training")),
        "project_id": dice.choice(NUMBERS),
        "amount_cny": dice.choice((Decimal("25.00"), Decimal("50.00"), Decimal("25.01"))),
        "status": dice.choice(("paid", "paid", "paid", "recovered", "approved", "rejected")),
        "paid_on": dice.choice(DAYS),
    }
