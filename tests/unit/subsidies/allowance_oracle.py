"""Which study day earns its living allowance, for which registration; from the rules' wording alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction

from subsidy_oracle import Decision, Row, World, held, is_valid, rule_for, seconds, tie


def allowances(world: World) -> dict[int, tuple]:
    """Registration → event_date, rule_id, is_entitled, amount, reasons."""
    counted: dict[int, list[Row]] = defaultdict(list)
    for one in world["fct_registration"]:
        if one["is_counted"]:
            counted[one["person_sk"]].append(one)
    decisions = [_person(world, person, registrations) for person, registrations in counted.items()]
    return {key: decision.row for of_person in decisions for key, decision in of_person.items()}


def _person(world: World, person: int, registrations: list[Row]) -> dict[int, Decision]:
    """Nothing where the person stood on no eligible roster on any day of study."""
    studied = {one["registration_sk"]: _intervals(world, one) for one in registrations}
    days = sorted({one["day"] for intervals in studied.values() for one in intervals})
    of_notice = {one["group_code"] for one in world["dim_group"] if one["is_living_allowance_eligible"]}
    rules = [one for one in world["dim_subsidy_rule"] if one["scheme"] == "living_allowance"]
    eligible = of_notice.union(*map(_codes, rules))
    if not any(_groups(world, person, day) & eligible for day in days):
        return {}
    decisions = {key: Decision() for key in studied}
    faults: dict[int, list[set[str]]] = {key: [] for key in studied}
    earned: dict[int, list[tuple[bool, date, str]]] = {key: [] for key in studied}
    paid_days: Counter[int] = Counter()
    used: dict[tuple, Decimal] = defaultdict(Decimal)
    for day in days:
        winner = min(registrations, key=lambda one: (-_own(studied[one["registration_sk"]], day), *tie(one)))
        rule = rule_for(world, "living_allowance", winner, day)
        groups = _groups(world, person, day)
        found = _faults(rule, _union(studied.values(), day), groups, of_notice)
        key = winner["registration_sk"]
        faults[key].append(found)
        if rule is None or found:
            continue
        is_paid = rule["max_days"] is None or paid_days[day.year] < rule["max_days"]
        earned[key].append((is_paid, day, rule["rule_id"]))
        if is_paid:
            paid_days[day.year] += 1
            decisions[key].grant(rule["amount_cny"], rule, winner, day.year, used)
        else:
            decisions[key].reasons.add("day_cap_applied")
    for key, decision in decisions.items():
        # Where the limit of days leaves none, those that it cut name rule and day
        named = [one for one in earned[key] if one[0]] or earned[key]
        if named:
            decision.rule_id, decision.event_date = named[0][2], named[-1][1]
        else:
            decision.reasons |= _why_none(faults[key])
    return decisions


def _faults(rule: Row | None, studied_seconds: Fraction, groups: set[str], of_notice: set[str]) -> set[str]:
    """What stands against one day."""
    if rule is None:
        return {"no_rule"}
    return held(
        hours_below_minimum=studied_seconds < Fraction(rule["min_study_hours_per_day"] or 0) * 3600,
        not_in_eligible_group=not groups & (_codes(rule) or of_notice),
    )


def _why_none(faults: list[set[str]]) -> set[str]:
    """What stands against every day under a rule; where days fail for different reasons, all of these."""
    if not faults:
        return {"hours_below_minimum"}
    under_rule = [one for one in faults if one != {"no_rule"}] or faults
    return set.intersection(*under_rule) or set.union(*under_rule)


def _codes(rule: Row) -> set[str]:
    return set((rule["eligible_group_codes"] or "").split(";")) - {""}


def _groups(world: World, person: int, day: date) -> set[str]:
    return {one["group_code"] for one in world["fct_eligibility"] if one["person_sk"] == person and is_valid(one, day)}


def _intervals(world: World, registration: Row) -> list[Row]:
    key = registration["registration_sk"]
    return [one for one in world["fct_study_interval"] if one["registration_sk"] == key]


def _own(intervals: list[Row], day: date) -> Fraction:
    return sum((seconds(one["ended_at"] - one["started_at"]) for one in intervals if one["day"] == day), Fraction())


def _union(studied: Iterable[list[Row]], day: date) -> Fraction:
    """Seconds covered by at least one interval of the day."""
    spans = sorted((one["started_at"], one["ended_at"]) for own in studied for one in own if one["day"] == day)
    total, reached = timedelta(), datetime.combine(day, time(0))
    for start, end in spans:
        total += max(end - max(start, reached), timedelta())
        reached = max(reached, end)
    return seconds(total)
