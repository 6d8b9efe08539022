"""What each rule should answer, by plain counting over a drawn world: written from the rules' page, not from their SQL.

An answer: subject, period, first_at, last_at, number of the evidence and its first ids; of the claims at risk the money
not refused, their number, those refused, those whose money came back; whether all that is doubted was withdrawn.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from statistics import median
from typing import Any

from drawn_world import CLOCK, Given, Row, midnight
from support.core_sql import DAYS, period_of

Signals = list[tuple[Any, ...]]
HOUR = 3_600_000_000  # microseconds


def within(moment: date | datetime) -> date:
    """The period; before the calendar the first, after the clock the running one."""
    day = moment.date() if isinstance(moment, datetime) else moment
    return period_of(min(max(day, DAYS[0]), DAYS[-1]))


def signal(
    subject: str,
    first_at: datetime,
    last_at: datetime,
    evidence: Sequence[str],
    claims: Iterable[Row],
    is_withdrawn: bool = False,
) -> tuple[Any, ...]:
    at_risk = list({(claim["sender_id"], claim["payment_id"]): claim for claim in claims}.values())
    standing = [claim for claim in at_risk if claim["status"] != "rejected"]
    return (
        subject,
        within(last_at),
        first_at,
        last_at,
        len(evidence),
        list(evidence)[:20],
        sum(claim["amount_cny"] for claim in standing),
        len(at_risk),
        len(at_risk) - len(standing),
        sum(claim["status"] == "recovered" for claim in standing),
        is_withdrawn,
    )


def claims_on(given: Given, registrations: Iterable[int]) -> list[Row]:
    wanted = set(registrations)
    return [claim for claim in given.claims if claim["registration_sk"] in wanted]


def in_order(claims: Iterable[Row]) -> list[Row]:
    return sorted(claims, key=lambda claim: (claim["claimed_on"], claim["sender_id"], claim["payment_id"]))


def of_claim(claim: Row, day: date) -> tuple[Any, ...]:
    subject = f"{claim['sender_id']}/{claim['payment_id']}"
    return signal(subject, midnight(day), midnight(day), [claim["payment_id"]], [claim])


def of_registration(
    given: Given, number: int, moments: Sequence[datetime], evidence: Sequence[str], is_withdrawn: bool = False
) -> tuple[Any, ...]:
    known = given.registrations[number]
    subject = f"{known['platform_id']}/{known['registration_id']}"
    return signal(subject, min(moments), max(moments), evidence, claims_on(given, [number]), is_withdrawn)


def active(given: Given, number: int) -> list[Row]:
    records = [row for row in given.records if row["registration_sk"] == number and row["is_active_record"]]
    return sorted(records, key=lambda row: (row["started_at"], row["record_id"]))


def certificate_before_hours(given: Given, max_excess_share: float) -> Signals:
    return [
        of_registration(given, number, [row["issued_at"]], [row["certificate_no"]], row["is_revoked"])
        for number, row in given.certified.items()
        if Fraction(row["class_hours"]) * HOUR * 3 / 4
        > (1 + Fraction(str(max_excess_share))) * row["logged_microseconds"]
    ]


def certificate_without_trace(given: Given, is_enabled: int) -> Signals:
    return [
        of_registration(given, number, [row["issued_at"]], [row["certificate_no"]], row["is_revoked"])
        for number, row in given.certified.items()
        if not {record["kind"] for record in active(given, number)} & {"sign_in", "study", "test"}
    ]


def shared_device(given: Given, min_persons_per_day: int) -> Signals:
    used: dict[tuple[str, date], list[Row]] = defaultdict(list)
    for row in given.records:
        if row["device_id"] and row["is_active_record"] and row["registration_sk"] in given.registrations:
            used[row["device_id"], row["started_at"].date()].append(row)
    shared: dict[tuple[str, date], list[Row]] = defaultdict(list)
    for (device, day), rows in used.items():
        persons = {given.registrations[row["registration_sk"]]["person_sk"] for row in rows}
        if len(persons) >= min_persons_per_day:
            shared[device, within(day)] += rows
    found = []
    for (device, _), rows in shared.items():
        rows.sort(key=lambda row: (row["started_at"], row["platform_id"], row["record_id"]))
        claims = claims_on(given, (row["registration_sk"] for row in rows))
        ids = [row["record_id"] for row in rows]
        found.append(signal(device, rows[0]["started_at"], rows[-1]["started_at"], ids, claims))
    return found


def mass_certification(given: Given, min_times_median: float, min_pass_share: float, pass_score: int) -> Signals:
    issued: dict[str, dict[date, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in given.certificates:
        issued[row["platform_id"]][row["issued_at"].date()].append(row)
    large: dict[tuple[str, date], list[Row]] = defaultdict(list)
    for platform, days in issued.items():
        for day, rows in days.items():
            before = [len(days[earlier]) for earlier in days if earlier < day]
            registrations = {row["registration_sk"] for row in rows}
            tests = [row for number in registrations for row in active(given, number) if row["score"] is not None]
            passed = [row for row in tests if row["score"] >= pass_score]
            if not before or not tests or len(rows) <= min_times_median * median(before):
                continue
            if Fraction(len(passed), len(tests)) >= min_pass_share:
                large[platform, within(day)] += rows
    found = []
    for (platform, _), rows in large.items():
        rows.sort(key=lambda row: (row["issued_at"], row["certificate_no"]))
        claims = claims_on(given, (row["registration_sk"] for row in rows))
        ids = [row["certificate_no"] for row in rows]
        is_revoked = all(row["is_revoked"] for row in rows)
        found.append(signal(platform, rows[0]["issued_at"], rows[-1]["issued_at"], ids, claims, is_revoked))
    return found


def score_changed_after_issue(given: Given, is_enabled: int) -> Signals:
    found = []
    for number, certificate in given.certified.items():
        raised: dict[date, list[tuple[datetime, str]]] = defaultdict(list)
        scores: dict[str, int] = {}
        for row in given.versions:
            if row["registration_sk"] != number or row["score"] is None or row["status"] == "voided":
                continue
            is_higher = row["score"] > scores.get(row["record_id"], 100)
            if is_higher and row["updated_at"] > certificate["issued_at"]:
                raised[within(row["updated_at"])].append((row["updated_at"], row["record_id"]))
            scores[row["record_id"]] = row["score"]
        for changes in raised.values():
            changes.sort()
            moments = [moment for moment, _ in changes]
            ids = list(dict.fromkeys(record for _, record in changes))
            found.append(of_registration(given, number, moments, ids, certificate["is_revoked"]))
    return found


def working_age(given: Given, min_age: int, max_age_men: int, max_age_women: int) -> Signals:
    found = []
    for number, row in given.registrations.items():
        if row["is_counted"] and row["birth_year"]:
            oldest = max_age_men if row["sex"] == "male" else max_age_women
            if not min_age <= row["registered_at"].year - row["birth_year"] <= oldest:
                found.append(of_registration(given, number, [row["registered_at"]], [row["registration_id"]]))
    return found


def face_check_failing(given: Given, min_checks: int, max_failed_share: float) -> Signals:
    found = []
    for number in given.registrations:
        checks = [row for row in active(given, number) if row["face_check"] in ("passed", "failed")]
        failed = [row for row in checks if row["face_check"] == "failed"]
        if len(checks) >= min_checks and Fraction(len(failed), len(checks)) > max_failed_share:
            moments = [row["started_at"] for row in failed]
            found.append(of_registration(given, number, moments, [row["record_id"] for row in failed]))
    return found


def idle_platform(given: Given, idle_days: int, max_idle_share: float) -> Signals:
    allowed = timedelta(days=idle_days)
    judged: dict[tuple[str, date], list[Row]] = defaultdict(list)
    for row in given.registrations.values():
        if row["is_counted"] and row["registered_at"] + allowed <= CLOCK:
            judged[row["platform_id"], row["period_start"]].append(row)
    found = []
    for (platform, _), rows in judged.items():
        idle = [
            row
            for row in sorted(rows, key=lambda row: (row["registered_at"], row["registration_id"]))
            if not any(
                record["started_at"] <= row["registered_at"] + allowed
                for record in active(given, row["registration_sk"])
            )
        ]
        if Fraction(len(idle), len(rows)) > max_idle_share:
            ids = [row["registration_id"] for row in idle]
            claims = claims_on(given, (row["registration_sk"] for row in idle))
            found.append(signal(platform, idle[0]["registered_at"], idle[-1]["registered_at"], ids, claims))
    return found
