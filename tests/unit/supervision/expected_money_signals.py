"""The same as expected_signals.py for the rules that look at claims and at projects' rosters."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from drawn_world import Given, Row, key_of, midnight
from expected_signals import Signals, claims_on, in_order, of_claim, signal, within


def payment_unmatched(given: Given, is_enabled: int) -> Signals:
    return [of_claim(claim, claim["paid_on"]) for claim in given.claims if claim["paid_on"] and not claim["is_matched"]]


def wrong_fund(given: Given, is_enabled: int) -> Signals:
    return [of_claim(claim, claim["claimed_on"]) for claim in given.claims if claim["is_wrong_fund"]]


def off_catalogue(given: Given, is_enabled: int) -> Signals:
    return [
        of_claim(claim, claim["claimed_on"])
        for claim in given.claims
        if claim["scheme"] == "training"
        and claim["is_matched"]
        and given.due[claim["registration_sk"]]["is_off_catalogue"]
    ]


def over_claim(given: Given, max_claims_per_year: int) -> Signals:
    taken: dict[tuple[int, int], int] = defaultdict(int)
    above: dict[tuple[int, date], list[Row]] = defaultdict(list)
    for claim in in_order(given.claims):
        if claim["scheme"] == "training":
            year = claim["person_sk"], claim["claimed_on"].year
            if taken[year] >= max_claims_per_year:
                above[claim["person_sk"], within(claim["claimed_on"])].append(claim)
            taken[year] += claim["status"] != "rejected"
    return [of_person(person, claims, claims) for (person, _), claims in above.items()]


def of_person(person: int, shown: list[Row], at_risk: list[Row], is_withdrawn: bool = False) -> tuple[Any, ...]:
    ids = [claim["payment_id"] for claim in in_order(shown)]
    days = [midnight(claim["claimed_on"]) for claim in shown]
    return signal(key_of(person), min(days), max(days), ids, at_risk, is_withdrawn)


def repeat_claim(given: Given, is_enabled: int) -> Signals:
    groups: dict[tuple[int, Any], list[Row]] = defaultdict(list)
    for claim in in_order(given.claims):
        if claim["scheme"] == "training" and claim["is_matched"]:
            trade = (claim["occupation_code"], claim["course_grade"]) if claim["occupation_code"] else None
            groups[claim["person_sk"], trade or claim["registration_sk"]].append(claim)
    found: dict[tuple[int, date], list[tuple[Row, bool, bool]]] = defaultdict(list)
    for (person, _), claims in groups.items():
        is_one_left = sum(claim["status"] not in ("rejected", "recovered") for claim in claims) < 2
        shown: list[int] = []
        for place, claim in enumerate(claims):
            day = claim["claimed_on"]
            stood = [
                earlier
                for earlier, other in enumerate(claims[:place])
                if other["rejected_on"] is None or other["rejected_on"] > day
            ]
            new = [number for number in [*stood, place] if number not in shown] if stood else []
            shown += new
            found[person, within(day)] += [(claims[number], number == place, is_one_left) for number in new]
    return [
        of_person(
            person,
            [claim for claim, _, _ in rows],
            [claim for claim, is_repeat, _ in rows if is_repeat],
            all(is_one_left for _, _, is_one_left in rows),
        )
        for (person, _), rows in found.items()
        if rows
    ]


def claimed_over_entitled(given: Given, max_excess_cny: float) -> Signals:
    used: dict[tuple[str, int], int] = defaultdict(int)
    found = []
    for claim in in_order(given.claims):
        if not claim["is_matched"] or claim["scheme"] not in ("training", "living_allowance"):
            continue
        if claim["scheme"] == "training":
            account, due = claim["registration_sk"], given.due[claim["registration_sk"]]["training_cny"]
        else:
            account = claim["person_sk"]
            own = [number for number, row in given.registrations.items() if row["person_sk"] == account]
            due = sum(given.due[number]["allowance_cny"] for number in own)
        excess = used[claim["scheme"], account] + claim["amount_cny"] - due
        if excess > max_excess_cny:
            at_risk = claim | {"amount_cny": min(excess, claim["amount_cny"])}
            found.append(of_claim(at_risk, claim["claimed_on"]))
        if claim["status"] != "rejected":
            used[claim["scheme"], account] += claim["amount_cny"]
    return found


def training_before_eligibility(given: Given, is_enabled: int) -> Signals:
    found = []
    for claim in given.claims:
        if claim["scheme"] == "living_allowance":
            counted = {
                number
                for number, row in given.registrations.items()
                if row["is_counted"] and row["person_sk"] == claim["person_sk"]
            }
            studied = [day for number, day in given.study_days if number in counted and day <= claim["claimed_on"]]
            begun = [
                row["valid_from"]
                for row in given.rosters
                if row["person_sk"] == claim["person_sk"] and row["group_code"] == "KG07"
            ]
            if studied and begun and min(begun) > max(studied):
                found.append(of_claim(claim, claim["claimed_on"]))
    return found


def roster_reuse(given: Given, min_shared_share: float) -> Signals:
    projects = [row for row in given.projects if row["kind"] != "catalogue"]

    def roster(project: Row) -> list[Row]:
        is_only_one = sum(row["project_id"] == project["project_id"] for row in projects) == 1
        rows = [
            row
            for row in given.registrations.values()
            if row["is_counted"]
            and row["project_id"] == project["project_id"]
            and (is_only_one or row["province_code"] == project["province_code"])
        ]
        return sorted(rows, key=lambda row: (row["registered_at"], row["registration_id"]))

    def persons(project: Row) -> set[int]:
        return {row["person_sk"] for row in roster(project)}

    found = []
    for project in projects:
        doubles: set[int] = set()
        for other in projects:
            is_at_once = project["starts_on"] <= _end(other) and other["starts_on"] <= _end(project)
            both = persons(project) & persons(other)
            if other is not project and is_at_once and both:
                doubles |= both if Fraction(len(both), len(persons(project))) >= min_shared_share else set()
        rows = [row for row in roster(project) if row["person_sk"] in doubles]
        if rows:
            moments: list[datetime] = [row["registered_at"] for row in rows]
            named = project["province_code"], project["project_id"]
            own = [claim for claim in given.claims if (claim["sender_id"], claim["project_id"]) == named]
            claims = own + claims_on(given, (row["registration_sk"] for row in rows))
            ids = [row["registration_id"] for row in rows]
            found.append(signal("/".join(named), min(moments), max(moments), ids, claims))
    return found


def _end(project: Row) -> date:
    return project["ends_on"] or date.max
