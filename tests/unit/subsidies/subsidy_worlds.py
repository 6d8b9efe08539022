"""Small random worlds where much collides: few persons, equal moments, rules at every level, hours at the limit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

# Across a new year, since yearly limits and caps begin anew
DAYS = tuple(date(2020, 12, 29) + timedelta(days=number) for number in range(6))
REGIONS = ("420102", "420100", "420000", "659001", "420102")
LEVELS = ("420102", "420100", "420000", "659001", "659000", "660000", "650000", *3 * ("000000",))
PROVINCE_OF = {"42": "420000", "65": "660000"}
COMPLETED_AT = datetime.combine(DAYS[2], time(0))
PLATFORMS = ("P1", "P2", "P3")
GROUPS = ("KG06A", "KG07", "KG04")
ELIGIBLE = GROUPS[:2]


def small_world(seed: int, persons: int) -> dict[str, list[dict[str, Any]]]:
    """Core table → rows: persons under the same rules, catalogues and penalties."""
    dice = Random(seed)
    numbers = range(1, persons + 1)
    tables: dict[str, list[dict[str, Any]]] = {
        "dim_group": [{"group_code": code, "is_living_allowance_eligible": code in ELIGIBLE} for code in GROUPS],
        "dim_subsidy_rule": [_rule(dice, number) for number in range(14)],
        "dim_institution": [_institution(dice, number) for number in range(dice.choice((0, 0, 6)))],
        "dim_training_project": [_project(dice, number) for number in range(dice.choice((0, 0, 10)))],
        "fct_penalty": [_penalty(dice, number, persons) for number in range(dice.choice((0, 0, 4)))],
        "fct_registration": [
            _registration(dice, one, number) for one in numbers for number in range(dice.randint(1, 6))
        ],
        "fct_eligibility": [_roster(dice, one) for one in numbers for _ in range(dice.randint(0, 3))],
    }
    tables["fct_study_interval"] = [row for one in tables["fct_registration"] for row in _study(dice, one)]
    # A number is a platform's own: another may give it as well, to the same person too
    free = {(one, platform): dice.sample(range(20), 20) for one in numbers for platform in PLATFORMS}
    tables["fct_certificate"] = [
        _certificate(dice, one, free[one["person_sk"], one["platform_id"]].pop())
        for one in tables["fct_registration"]
        for _ in range(dice.choice((0, 1, 1, 1, 2)))
    ]
    tables["fct_subsidy_payment"] = [
        _payment(dice, number, dice.choice(tables["fct_certificate"])) for number in range(persons)
    ]
    unrevoked = {one["registration_sk"] for one in tables["fct_certificate"] if not one["is_revoked"]}
    for one in tables["fct_registration"]:
        if one["registration_sk"] not in unrevoked:
            one["completed_at"] = None
    return tables


def _moment(dice: Random) -> datetime:
    return datetime.combine(
        dice.choice(DAYS[2:4]), dice.choice((time(0), time(12), time(12), time(23, 59, 59, 999999)))
    )


def _span(dice: Random) -> tuple[date, date | None]:
    first, last = sorted(dice.choices(DAYS, k=2))
    return (first, dice.choice((last, None))) if dice.random() < 0.5 else (DAYS[0], None)


def _registration(dice: Random, person: int, number: int) -> dict[str, Any]:
    region = dice.choice(REGIONS)
    registered_on = DAYS[0] - timedelta(days=dice.choice((1, 1, 2)))
    occupation = dice.choice(("4-01-01-01", "4-01-01-01", "6-02-02-02", None))
    return {
        "registration_sk": person * 10 + number,
        "platform_id": dice.choice(PLATFORMS[:2]),
        "registration_id": f"R{dice.randint(0, 9)}{person}-{number}",
        "person_sk": person,
        "person_key": UUID(int=person),
        "is_course_known": True,
        "occupation_code": occupation,
        "course_occupation_code": occupation,
        "course_grade": dice.choice((None, 4, 5)),
        "region_code": region,
        "province_code": PROVINCE_OF[region[:2]],
        "project_id": dice.choice((None, "J1", "J2")),
        "registered_at": datetime.combine(registered_on, time(0)),
        "registered_on": registered_on,
        "is_counted": dice.random() < 0.95,
        "completed_at": None if dice.random() < 0.05 else COMPLETED_AT,
    }


def _certificate(dice: Random, registration: dict[str, Any], number: int) -> dict[str, Any]:
    revoked_at = COMPLETED_AT if dice.random() < 0.2 else None
    return {
        "platform_id": registration["platform_id"],
        "certificate_no": f"C{registration['person_sk']}-{number}",
        "registration_sk": registration["registration_sk"],
        "issued_at": _moment(dice),
        "class_hours": dice.choice((Decimal("2"), Decimal("2"), Decimal("4"), Decimal("4.3333"))),
        "cost_cny": dice.choice((None, Decimal("0.30"), Decimal("333.35"), Decimal("1000.01"))),
        "revoked_at": revoked_at,
        "is_revoked": revoked_at is not None,
    }


def _rule(dice: Random, number: int) -> dict[str, Any]:
    scheme = dice.choice(("training", "training", "living_allowance"))
    first, last = _span(dice)
    is_allowance = scheme == "living_allowance"
    measure = "per_study_day" if is_allowance else dice.choice(("per_certificate", "per_class_hour", "share_of_cost"))
    has_cap = dice.random() < (0.3 if is_allowance else 0.6)
    return {
        "rule_id": f"{dice.choice('ABC')}{number}",
        "scheme": scheme,
        "region_code": dice.choice(LEVELS),
        "valid_from": first,
        "valid_to": last,
        "measure": measure,
        "amount_cny": None if measure == "share_of_cost" else dice.choice((Decimal("20.00"), Decimal("33.33"))),
        "share": Decimal("0.95") if measure == "share_of_cost" else None,
        "grade": dice.choice((None, None, 4, 5)),
        "cap_cny": dice.choice((Decimal("30.00"), Decimal("100.00"))) if has_cap else None,
        "cap_basis": dice.choice(("per_project", "per_year")) if has_cap else None,
        "max_days": dice.choice((None, 0, 1, 2)) if is_allowance else None,
        "min_class_hours": None if is_allowance else dice.choice((None, None, Decimal("4"))),
        "hours_tolerance_share": None if is_allowance else dice.choice((Decimal("0"), Decimal("0.25"), Decimal("0.5"))),
        "min_study_hours_per_day": dice.choice((Decimal("1"), Decimal("2"))) if is_allowance else None,
        "eligible_group_codes": dice.choice(("KG06A;KG07", "KG07", "KG04;KG07", None)) if is_allowance else None,
        "max_times_per_year": None if is_allowance else dice.choice((None, 1, 2)),
        "fund": "employment_fund" if is_allowance else "special_account",
    }


def _institution(dice: Random, number: int) -> dict[str, Any]:
    first, last = _span(dice)
    province = dice.choice(("420000", "420000", "660000"))
    return {
        "province_code": province,
        "institution_uscc": f"U{dice.choice('12')}",
        "kind": "training",
        "platform_id": dice.choice((None, *PLATFORMS)),
        "valid_from": first,
        "valid_to": last,
        "region_code": province,
    }


def _project(dice: Random, number: int) -> dict[str, Any]:
    first, last = _span(dice)
    # A number is a bureau's own: the other may use it as well
    province = ("420000", "660000")[number % 2]
    return {
        "province_code": province,
        "project_id": f"J{number // 2 + 1}",
        "kind": dice.choice(("catalogue", "enterprise_online")),
        "occupation_code": dice.choice(("4-01-01-01", "6-02-02-02")),
        "grade": dice.choice((None, 4, 5)),
        "affected_by_epidemic": dice.choice((True, False, None)),
        "starts_on": first,
        "ends_on": last,
        "region_code": province,
    }


def _penalty(dice: Random, number: int, persons: int) -> dict[str, Any]:
    kind = dice.choice(("person", "platform", "institution"))
    return {
        "sender_id": "420000",
        "province_code": "420000",
        "penalty_id": f"N{number}",
        "subject_kind": kind,
        "subject_id": {"person": None, "platform": dice.choice(PLATFORMS), "institution": "U1"}[kind],
        "person_sk": dice.randint(1, persons) if kind == "person" else None,
        "decided_on": dice.choice(DAYS[2:]),
    }


def _payment(dice: Random, number: int, certificate: dict[str, Any]) -> dict[str, Any]:
    """A claim for the certificate's person, or the next one."""
    person = certificate["registration_sk"] // 10 + dice.choice((0, 0, 0, 1))
    is_person = dice.random() < 0.9
    sender = dice.choice(("420000", "660000"))
    return {
        "sender_id": sender,
        "province_code": sender,
        "payment_id": f"Y{number}",
        "scheme": dice.choice(("training", "training", "living_allowance", "project_prepayment", "project_settlement")),
        "person_sk": person if is_person else None,
        "person_key": UUID(int=person) if is_person else None,
        "certificate_no": dice.choice((certificate["certificate_no"], certificate["certificate_no"], None)),
        "project_id": dice.choice(("J1", "J2", "J9", None)),
        "claimed_on": DAYS[0] - timedelta(days=dice.choice((0, 1, 2, 3))),
    }


def _roster(dice: Random, person: int) -> dict[str, Any]:
    first, last = _span(dice)
    return {
        "person_sk": person,
        "group_code": dice.choice(GROUPS),
        "valid_from": first,
        "valid_to": last,
    }


def _study(dice: Random, registration: dict[str, Any]) -> Sequence[dict[str, Any]]:
    """Apart from each other, as core's intervals of one registration are; some end at the certificate's moment."""
    rows = []
    for day in DAYS:
        end = datetime.combine(day, time(0)) + timedelta(hours=dice.choice((0, 8, 10)))
        for _ in range(dice.choice((0, 1, 2, 2))):
            start = end + timedelta(minutes=dice.choice((0, 24)))
            end = start + timedelta(minutes=dice.choice((24, 60, 72, 120, 144)), seconds=dice.choice((0, 0, 0, -1)))
            rows.append(
                {
                    "registration_sk": registration["registration_sk"],
                    "day": day,
                    "started_at": start,
                    "ended_at": end,
                }
            )
    return rows
