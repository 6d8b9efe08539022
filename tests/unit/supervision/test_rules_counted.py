"""Sixteen rules against a plain count on small random worlds (the three on time: test_intervals.py)."""

from __future__ import annotations

from typing import Any

import expected_money_signals as money
import expected_signals as traces
import pyarrow as pa
import pytest
from drawn_world import Given, draw
from support.core_sql import Compiled, World

# Of the first eighty those whose worlds meet, between them, the limits of every rule to the unit
SEEDS = (2, 4, 6, 7, 9, 11, 16, 34, 35, 41, 45, 51, 66, 69)
COLUMNS = (
    *("subject_id", "period_start", "first_at", "last_at", "evidence_count", "evidence", "amount_at_risk_cny"),
    *("claims_count", "rejected_claims_count", "recovered_claims_count", "is_withdrawn"),
)
DERIVED = ("fct_study_interval", "fct_learning_day", "fct_registration_trace", "fct_decisive_certificate")
PARAMETERS = {
    "certificate_before_hours": {"max_excess_share": 0.0},
    "certificate_without_trace": {"is_enabled": 1},
    "shared_device": {"min_persons_per_day": 2},
    "mass_certification": {"min_times_median": 1, "min_pass_share": 0.5, "pass_score": 60},
    "score_changed_after_issue": {"is_enabled": 1},
    "repeat_claim": {"is_enabled": 1},
    "over_claim": {"max_claims_per_year": 1},
    "claimed_over_entitled": {"max_excess_cny": 50},
    "payment_unmatched": {"is_enabled": 1},
    "wrong_fund": {"is_enabled": 1},
    "training_before_eligibility": {"is_enabled": 1},
    "working_age": {"min_age": 16, "max_age_men": 60, "max_age_women": 55},
    "face_check_failing": {"min_checks": 2, "max_failed_share": 0.5},
    "idle_platform": {"idle_days": 2, "max_idle_share": 0.5},
    "roster_reuse": {"min_shared_share": 0.5},
    "off_catalogue": {"is_enabled": 1},
}


@pytest.fixture(scope="module")
def answers(compiled_rules: Compiled) -> dict[str, list[tuple[int, Any, Any]]]:
    """Rule → (seed, signals found, signals counted) of every world."""
    rules: dict[str, list[tuple[int, Any, Any]]] = {rule: [] for rule in PARAMETERS}
    for seed in SEEDS:
        given = draw(seed)
        world = put(compiled_rules, given)
        for rule, parameters in PARAMETERS.items():
            count = getattr(traces, rule, None) or getattr(money, rule)
            found = world.rows(f"fct_signal_{rule}", *COLUMNS)
            rules[rule].append((seed, found, sorted(count(given, **parameters))))
    return rules


@pytest.mark.parametrize("rule", PARAMETERS)
def test_a_rule_finds_what_a_count_finds(answers: dict[str, list[tuple[int, Any, Any]]], rule: str) -> None:
    for seed, found, counted in answers[rule]:
        assert found == counted, f"in the world of seed {seed}"
    assert sum(len(found) for _, found, _ in answers[rule]) > 1


def put(compiled: Compiled, given: Given) -> World:
    world = World(compiled, PARAMETERS)
    world.put("fct_registration", *given.registrations.values())
    world.put("dim_training_project", *given.projects)
    world.put("fct_certificate", *given.certificates)
    world.put("fct_learning_record", *given.records)
    world.put("fct_subsidy_payment", *given.payments)
    world.put("fct_eligibility", *given.rosters)
    world.put(
        "dim_group",
        {"group_code": "KG07", "is_living_allowance_eligible": True},
        {"group_code": "KG01", "is_living_allowance_eligible": False},
    )
    connection = compiled.connection
    connection.register("rows_given", pa.Table.from_pylist(given.versions))
    connection.execute("insert into staging.stg_learning_record_versions by name from rows_given")
    connection.unregister("rows_given")
    world.derive(*DERIVED, "fct_payment_match", "fct_claim")
    given.claims = connection.sql("from core.fct_claim").to_arrow_table().to_pylist()
    decisive = connection.sql("from core.fct_decisive_certificate").to_arrow_table().to_pylist()
    given.certified = {row["registration_sk"]: row for row in decisive}
    days = "select registration_sk, day from core.fct_learning_day where study_seconds > 0"
    given.study_days = connection.execute(days).fetchall()
    for table, amount in (("fct_training_decision", "training_cny"), ("fct_allowance_decision", "allowance_cny")):
        world.put(
            table,
            *(
                {
                    "registration_sk": number,
                    "person_sk": row["person_sk"],
                    "entitled_amount_cny": given.due[number][amount],
                }
                for number, row in given.registrations.items()
            ),
        )
    world.put(
        "fct_certified_registration",
        *(
            {"registration_sk": number, "is_not_in_catalogue": row["is_off_catalogue"]}
            for number, row in given.due.items()
        ),
    )
    return world
