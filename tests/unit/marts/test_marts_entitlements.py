"""What is entitled, by period in `subsidy_progress` and by reason in its summary, against a look at every decision."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import product
from random import Random
from typing import Any

import pytest
from marts_sql import BEGUN, CLOCK, FIRST_DAY, PROVINCES, Compiled, World, period_of

NATION = "000000"
MODELS = {"training": "fct_training_decision", "living_allowance": "fct_allowance_decision"}
FUNDS = {"training": "special_account", "living_allowance": "employment_fund"}
GRANTED = ([], ["cap_applied"])
REFUSED = (["not_counted"], ["not_completed", "no_rule"], ["no_rule"])
REASONS = ("none", "cap_applied", "not_counted", "not_completed", "no_rule")


@pytest.mark.parametrize("seed", range(6))
def test_what_is_entitled_stands_in_the_period_of_its_event(compiled: Compiled, seed: int) -> None:
    decisions = _decisions(Random(seed))
    found = _world(compiled, decisions).rows(
        "subsidy_progress",
        *("period_start", "province_code", "scheme", "fund"),
        *("entitled_count", "entitled_persons", "entitled_amount_cny"),
    )
    expected = []
    for start, province, scheme in product(BEGUN, (NATION, *PROVINCES), MODELS):
        here = [one for one in _within(decisions, start, province, scheme) if one["is_entitled"]]
        if here:
            expected.append((start, province, scheme, FUNDS[scheme], *_summed(here)))
    assert found == sorted(expected)


@pytest.mark.parametrize("seed", range(6))
def test_a_decision_stands_under_each_of_its_reasons(compiled: Compiled, seed: int) -> None:
    decisions = _decisions(Random(seed))
    found = _world(compiled, decisions).rows(
        "subsidy_entitlement_summary",
        *("period_start", "province_code", "scheme", "reason"),
        *("decisions_count", "decided_persons", "entitled_amount_cny", "entitled_count"),
    )
    expected = []
    for start, province, scheme, reason in product(BEGUN, (NATION, *PROVINCES), MODELS, REASONS):
        within = _within(decisions, start, province, scheme)
        here = [one for one in within if reason in (one["reasons"] or ["none"])]
        if here:
            expected.append((start, province, scheme, reason, *_summed(here), sum(one["is_entitled"] for one in here)))
    assert found == sorted(expected)


def _decisions(dice: Random) -> list[dict[str, Any]]:
    """Few persons; some events before the calendar or after the clock, some refusals without one."""
    return [_decision(dice, scheme, number) for scheme in MODELS for number in range(14)]


def _decision(dice: Random, scheme: str, number: int) -> dict[str, Any]:
    is_entitled = dice.random() < 0.6
    event_date = FIRST_DAY + timedelta(days=dice.randint(-2, 13))
    amounts = [Decimal("0.00"), Decimal("5.50"), Decimal("10.01")]
    return {
        "scheme": scheme,
        "registration_sk": number,
        "person_sk": dice.randint(1, 4),
        "province_code": dice.choice(PROVINCES),
        "event_date": event_date if is_entitled or dice.random() < 0.7 else None,
        "fund": FUNDS[scheme],
        "is_entitled": is_entitled,
        "entitled_amount_cny": dice.choice(amounts) if is_entitled else amounts[0],
        "reasons": dice.choice(GRANTED if is_entitled else REFUSED),
    }


def _world(compiled: Compiled, decisions: list[dict[str, Any]]) -> World:
    world = World(compiled)
    for scheme, model in MODELS.items():
        rows = [one for one in decisions if one["scheme"] == scheme]
        world.put(model, *({name: value for name, value in one.items() if name != "scheme"} for one in rows))
    world.derive("subsidy_entitlement")
    return world


def _within(decisions: list[dict[str, Any]], start: Any, province: str, scheme: str) -> list[dict[str, Any]]:
    return [
        one
        for one in decisions
        if one["scheme"] == scheme
        and province in (NATION, one["province_code"])
        and one["event_date"] is not None
        and one["event_date"] <= CLOCK.date()
        and period_of(one["event_date"]) == start
    ]


def _summed(here: list[dict[str, Any]]) -> tuple[int, int, Decimal]:
    persons = {one["person_sk"] for one in here}
    return len(here), len(persons), sum((one["entitled_amount_cny"] for one in here), Decimal("0.00"))
