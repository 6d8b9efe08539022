"""Subsidies as the models decide them, against the rules' wording followed row by row, on worlds full of collisions."""

from __future__ import annotations

from functools import cache

import pytest
from allowance_oracle import allowances
from payment_oracle import matches
from subsidy_oracle import ORDER
from subsidy_worlds import small_world
from support.core_sql import Compiled, World
from training_oracle import training

SEEDS = range(8)
PERSONS = 50
DECISION = ("registration_sk", "event_date", "rule_id", "is_entitled", "entitled_amount_cny", "reasons")
# Those of whole projects are decided in the mart `enterprise_training`.
OF_PROJECTS = {"prepayment_over_share"}
world_of = cache(lambda seed: small_world(seed, PERSONS))


def _put(compiled: Compiled, seed: int) -> World:
    world = World(compiled)
    for table, rows in world_of(seed).items():
        world.put(table, *rows)
    return world


@pytest.mark.parametrize("seed", SEEDS)
def test_every_training_subsidy_is_decided_as_the_rules_say(compiled_core: Compiled, seed: int) -> None:
    world = _put(compiled_core, seed)
    world.derive("fct_decisive_certificate", "fct_certified_registration")
    assert {row[0]: row[1:] for row in world.rows("fct_training_decision", *DECISION)} == training(world_of(seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_living_allowance_is_decided_as_the_rules_say(compiled_core: Compiled, seed: int) -> None:
    world = _put(compiled_core, seed)
    world.derive("fct_study_day_credit")
    assert {row[0]: row[1:] for row in world.rows("fct_allowance_decision", *DECISION)} == allowances(world_of(seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_payment_is_matched_as_the_rules_say(compiled_core: Compiled, seed: int) -> None:
    columns = ("sender_id", "payment_id", "registration_sk", "project_id", "is_matched")
    found = _put(compiled_core, seed).rows("fct_payment_match", *columns)
    assert {row[:2]: row[2:] for row in found} == matches(world_of(seed))


def test_the_worlds_reach_every_reason_with_and_without_money() -> None:
    decided = [row for seed in SEEDS for scheme in (training, allowances) for row in scheme(world_of(seed)).values()]
    assert {reason for *_, reasons in decided for reason in reasons} == set(ORDER) - OF_PROJECTS
    assert {(is_entitled, amount > 0) for _, _, is_entitled, amount, _ in decided} == {
        (True, True),
        (True, False),
        (False, False),
    }
    # No refusal without its reason
    assert all(reasons for _, _, is_entitled, _, reasons in decided if not is_entitled)
