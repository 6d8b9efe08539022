"""Which training subsidies are due, and how much; from the rules' wording alone."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from subsidy_oracle import Decision, Row, World, held, is_valid, rule_for, seconds, to_the_fen

CLASS_HOUR = timedelta(minutes=45)


def training(world: World) -> dict[int, tuple]:
    """Registration → event_date, rule_id, is_entitled, amount, reasons."""
    decisions: dict[int, Decision] = {}
    claims = []
    for registration in world["fct_registration"]:
        own = [one for one in world["fct_certificate"] if one["registration_sk"] == registration["registration_sk"]]
        unrevoked = [one for one in own if one["revoked_at"] is None]
        if unrevoked:
            claims.append((registration, min(unrevoked, key=lambda one: (one["issued_at"], one["certificate_no"]))))
        elif own:
            decisions[registration["registration_sk"]] = Decision(reasons=_of_registration(world, registration))
    claims.sort(key=lambda claim: (claim[1]["issued_at"], claim[0]["platform_id"], claim[0]["registration_id"]))
    taken: dict[int, list[tuple]] = defaultdict(list)
    used: dict[tuple, Decimal] = defaultdict(Decimal)
    for registration, certificate in claims:
        day = certificate["issued_at"].date()
        rule = rule_for(world, "training", registration, day)
        reasons = _of_registration(world, registration) | _of_certificate(world, registration, certificate, rule)
        subject = registration["course_occupation_code"], registration["course_grade"]
        earlier = taken[registration["person_sk"]]
        if subject[0] is not None and any(one == subject for one, _ in earlier):
            reasons.add("repeat_occupation_grade")
        limit = rule and rule["max_times_per_year"]
        if limit is not None and sum(year == day.year for _, year in earlier) >= limit:
            reasons.add("over_yearly_limit")
        decision = Decision(day, rule and rule["rule_id"], reasons)
        if decision.is_entitled:
            earlier.append((subject, day.year))
            decision.grant(_full_amount(rule, certificate), rule, registration, day.year, used)
        decisions[registration["registration_sk"]] = decision
    return {key: decision.row for key, decision in decisions.items()}


def _of_registration(world: World, registration: Row) -> set[str]:
    """What needs no certificate."""
    here = [one for one in world["dim_training_project"] if one["project_id"] == registration["project_id"]]
    if sum(one["kind"] != "catalogue" for one in here) > 1:
        here = [one for one in here if one["province_code"] == registration["province_code"]]
    online = [one for one in here if one["kind"] == "enterprise_online"]
    return held(
        not_counted=not registration["is_counted"],
        not_completed=registration["completed_at"] is None,
        not_affected=online and not any(one["affected_by_epidemic"] for one in online),
    )


def _of_certificate(world: World, registration: Row, certificate: Row, rule: Row | None) -> set[str]:
    """The tests on the event's day that need no other row of the person; without a rule nothing is tolerated."""
    day = certificate["issued_at"].date()
    minimum = rule and rule["min_class_hours"]
    tolerated = 1 + Fraction((rule and rule["hours_tolerance_share"]) or 0)
    logged = seconds(_logged(world, registration, certificate["issued_at"]))
    return held(
        hours_below_minimum=minimum is not None and certificate["class_hours"] < minimum,
        hours_not_logged=Fraction(certificate["class_hours"]) * seconds(CLASS_HOUR) > tolerated * logged,
        not_in_catalogue=not _in_catalogue(world, registration, day),
        under_penalty=_under_penalty(world, registration, day),
        no_rule=rule is None,
        cost_unknown=rule and rule["measure"] == "share_of_cost" and certificate["cost_cny"] is None,
    )


def _logged(world: World, registration: Row, until: datetime) -> timedelta:
    """Core's intervals of one registration do not overlap."""
    return sum(
        (
            max(min(one["ended_at"], until) - one["started_at"], timedelta())
            for one in world["fct_study_interval"]
            if one["registration_sk"] == registration["registration_sk"]
        ),
        timedelta(),
    )


def _in_catalogue(world: World, registration: Row, day: date) -> bool:
    here = [one for one in world["dim_institution"] if one["province_code"] == registration["province_code"]]
    if here and not any(one["platform_id"] == registration["platform_id"] and is_valid(one, day) for one in here):
        return False
    here = [one for one in world["dim_training_project"] if one["province_code"] == registration["province_code"]]
    return not here or any(
        one["kind"] == "catalogue"
        and registration["course_occupation_code"] is not None
        and one["occupation_code"] == registration["course_occupation_code"]
        and one["grade"] in (None, registration["course_grade"])
        and is_valid(one, day, "starts_on", "ends_on")
        for one in here
    )


def _under_penalty(world: World, registration: Row, day: date) -> bool:
    platform = registration["platform_id"]
    linked = {one["institution_uscc"] for one in world["dim_institution"] if one["platform_id"] == platform}
    return any(
        one["decided_on"] <= day
        and (
            (one["subject_kind"] == "person" and one["person_sk"] == registration["person_sk"])
            or (one["subject_kind"] == "platform" and one["subject_id"] == platform)
            or (one["subject_kind"] == "institution" and one["subject_id"] in linked)
        )
        for one in world["fct_penalty"]
    )


def _full_amount(rule: Row, certificate: Row) -> Decimal:
    if rule["measure"] == "share_of_cost":
        return to_the_fen(Fraction(rule["share"]) * Fraction(certificate["cost_cny"]))
    times = certificate["class_hours"] if rule["measure"] == "per_class_hour" else 1
    return to_the_fen(Fraction(rule["amount_cny"]) * Fraction(times))
