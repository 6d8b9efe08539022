"""A small random world for the rules on certificates, tests, money and rosters, dense enough that its parts meet.

    given = draw(seed)    # plain rows, by core's names

Every moment is a midnight or a noon, so that ties and the very limits are common; some lie before the calendar and some
past the clock.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from support.core_sql import DAYS

Row = dict[str, Any]
CLOCK = datetime.combine(DAYS[-1], time(12))
PROVINCES = ("110000", "420000")


@dataclass
class Given:
    registrations: dict[int, Row] = field(default_factory=dict)  # by registration_sk
    projects: list[Row] = field(default_factory=list)
    certificates: list[Row] = field(default_factory=list)
    versions: list[Row] = field(default_factory=list)  # of learning records, in order
    records: list[Row] = field(default_factory=list)
    payments: list[Row] = field(default_factory=list)
    rosters: list[Row] = field(default_factory=list)
    due: dict[int, Row] = field(
        default_factory=dict
    )  # by registration_sk: training_cny, allowance_cny, is_off_catalogue
    # What core derives, filled once the rows stand there: money matched, the deciding certificates, days studied
    claims: list[Row] = field(default_factory=list)
    certified: dict[int, Row] = field(default_factory=dict)
    study_days: list[tuple[int, date]] = field(default_factory=list)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def key_of(person: int) -> str:
    return str(UUID(int=person))


def draw(seed: int) -> Given:
    r = random.Random(seed)  # noqa: S311 - a world, not a secret
    given = Given()
    for number in range(1, r.randrange(5, 14)):
        given.registrations[number] = _registration(r, number)
        given.due[number] = {
            "training_cny": r.choice([0, 100, 102, 200]),
            "allowance_cny": r.choice([0, 50, 101]),
            "is_off_catalogue": r.choice([True, False]),
        }
    given.projects = [_project(r, sender, name) for sender in PROVINCES for name in "ABC" if r.random() < 0.8]
    given.certificates = [_certificate(r, given, number) for number in range(r.randrange(4, 18))]
    for number in range(r.randrange(10, 40)):
        versions = _versions(r, given, f"L{number:02d}")
        given.versions += versions
        given.records.append(_newest(r, versions))
    given.payments = [_payment(r, given, number) for number in range(r.randrange(6, 20))]
    given.rosters = [_roster(r) for _ in range(r.randrange(5))]
    return given


def _moment(r: random.Random, first: int, last: int) -> datetime:
    """A midnight or a noon, counted from the first midnight."""
    return midnight(DAYS[0]) + timedelta(hours=12 * r.randrange(first, last))


def _registration(r: random.Random, number: int) -> Row:
    person, at = r.randrange(1, 4), _moment(r, 0, 11)
    sex = r.choice(["male", "female", None])
    return {
        "registration_sk": number,
        "platform_id": r.choice(["P1", "P1", "P2"]),
        "registration_id": f"R{number:02d}",
        "person_sk": person,
        "person_key": key_of(person),
        "course_occupation_code": r.choice(["O1", "O1", "O2", None]),
        "course_grade": r.choice([1, None]),
        "province_code": r.choice(PROVINCES),
        "is_counted": r.random() < 0.8,
        "registered_at": at,
        "registered_on": at.date(),
        "period_start": DAYS[(at.date() - DAYS[0]).days // 2 * 2],
        "project_id": r.choice(["A", "B", "C", "Z", None]),
        "birth_year": sex and r.choice([2004, 2005, 1960, 1959, 1965, 1964, 1990]),
        "sex": sex,
    }


def _project(r: random.Random, sender: str, name: str) -> Row:
    starts_on = r.choice(DAYS)
    return {
        "province_code": sender,
        "project_id": name,
        "kind": r.choice(["enterprise_online", "project_based", "catalogue"]),
        "starts_on": starts_on,
        "ends_on": r.choice([None, starts_on, starts_on + timedelta(days=2)]),
        "institution_uscc": r.choice(["I1", None]),
        "enterprise_uscc": r.choice(["E1", None]),
    }


def _of(r: random.Random, given: Given) -> Row:
    """A registration, or one that nobody delivered."""
    known = given.registrations[min(r.choices(list(given.registrations), k=2))]  # some have much, many little
    return known if r.random() < 0.9 else {"registration_sk": 99, "platform_id": "P1", "person_sk": 4}


def _certificate(r: random.Random, given: Given, number: int) -> Row:
    of, at = _of(r, given), _moment(r, -2, 12)
    revoked_at = r.choice([None, None, None, at + timedelta(days=1)])
    return {
        "platform_id": of["platform_id"],
        "certificate_no": f"C{r.randrange(100):02d}-{number}",
        "registration_sk": of["registration_sk"],
        "issued_at": at,
        "class_hours": r.choice([1, 2, 3]),
        "revoked_at": revoked_at,
        "is_revoked": revoked_at is not None,
    }


def _versions(r: random.Random, given: Given, record_id: str) -> list[Row]:
    of, at, kind = (
        _of(r, given),
        _moment(r, -1, 12),
        r.choice(["test", "test", "test", "study", "study", "sign_in", "question", "other"]),
    )
    return [
        {
            "platform_id": of["platform_id"],
            "record_id": record_id,
            "registration_sk": of["registration_sk"],
            "kind": kind,
            "started_at": at,
            "score": r.choice([None, 59, 60, 61, 90]) if kind == "test" else None,
            "status": r.choice(["active", "active", "active", "voided"]),
            "updated_at": stated_at,
            "ledger_sequence": number,
            "position": 0,
        }
        for number, stated_at in enumerate(sorted(_moment(r, 0, 12) for _ in range(r.randrange(1, 4))))
    ]


def _newest(r: random.Random, versions: list[Row]) -> Row:
    kept = {name: versions[-1][name] for name in ("platform_id", "record_id", "registration_sk", "kind", "started_at")}
    return kept | {
        "ended_at": kept["started_at"] + timedelta(minutes=r.choice([45, 90])),
        "score": versions[-1]["score"],
        "device_id": r.choice([None, "a", "a", "b"]),
        "face_check": r.choice(["passed", "failed", "failed", "none", None]),
        "is_active_record": versions[-1]["status"] == "active",
    }


def _payment(r: random.Random, given: Given, number: int) -> Row:
    scheme = r.choice(["training"] * 4 + ["living_allowance"] * 2 + ["project_prepayment"])
    status = r.choice(["claimed", "approved", "rejected", "paid", "recovered"])
    claimed_on = r.choice([*DAYS, *DAYS, date(2019, 12, 31)])
    decided_on = None if status == "claimed" else claimed_on + timedelta(days=r.randrange(3))
    certificate, person, sender = r.choice(given.certificates), r.randrange(1, 5), r.choice(PROVINCES)
    of = given.registrations.get(certificate["registration_sk"])
    if scheme == "training" and of and r.random() < 0.9:
        person = of["person_sk"]
    is_project = scheme == "project_prepayment"
    return {
        "sender_id": sender,
        "province_code": sender,
        "payment_id": f"Y{number:02d}",
        "scheme": scheme,
        "person_sk": None if is_project else person,
        "person_key": None if is_project else key_of(person),
        "payee_uscc": "E1" if is_project else None,
        "certificate_no": certificate["certificate_no"] if scheme == "training" else None,
        "project_id": r.choice(["A", "B", "Z"]) if is_project else None,
        "amount_cny": 100 + number % 3,
        "status": status,
        "claimed_on": claimed_on,
        "rejected_on": decided_on if status == "rejected" else None,
        "paid_on": decided_on if status in ("paid", "recovered") else None,
        "is_wrong_fund": r.random() < 0.3,
    }


def _roster(r: random.Random) -> Row:
    person, valid_from = r.randrange(1, 4), r.choice(DAYS)
    return {"person_sk": person, "group_code": r.choice(["KG07", "KG07", "KG01"]), "valid_from": valid_from}
