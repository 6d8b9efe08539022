"""Certificates that nothing stands behind: no hours, no trace, marks mended, whole batches; and dead platforms."""

from __future__ import annotations

import numpy as np

from orchestration.sandbox import learning
from orchestration.sandbox.fraud.stage import MINUTE, Stage
from orchestration.sandbox.timeline import DAY, HOUR


def certificate_before_hours(stage: Stage) -> None:
    """缩减课时仍按全课时申领. Look-alikes: a lesson missed, within the tolerance or just outside."""
    rule, frauds = "certificate_before_hours", stage.frauds()
    for number in range(frauds + stage.honest(frauds)):
        is_fraud = number < frauds
        registration = stage.enrol(course=stage.course(hours=(8, 16)))
        share = stage.between(0.2, 0.7) if is_fraud else stage.between(0.905, 1.2)
        ready = stage.attend(registration, share=share)
        certificate = stage.certify(registration, ready)
        if is_fraud:
            stage.claim(registration, certificate, ready + stage.whole(2, 10), end=stage.fate())
        scheme = "hours cut, claimed in full" if is_fraud else "a lesson missed"
        stage.injection.label(rule, scheme, "registration", registration, is_fraud=is_fraud)


def certificate_without_trace(stage: Stage) -> None:
    """Singapore 2017: dormant entities with thousands of claims. Look-alikes: all of it lost but a single record."""
    rule, frauds = "certificate_without_trace", stage.frauds()
    for number in range(frauds + stage.honest(frauds)):
        is_fraud = number < frauds
        registration = stage.enrol()
        day = stage.injection.registered(registration)[3] // DAY + 1
        if not is_fraud:
            # Of live lessons some platforms log the questions alone
            kinds = [learning.QUESTION] if stage.is_odd() else [learning.SIGN_IN, learning.STUDY, learning.TEST]
            start = (day + stage.whole(0, 8)) * DAY + 19 * HOUR
            stage.injection.record(registration, stage.pick(kinds), start, 30 * MINUTE)
        certificate = stage.certify(registration, day + stage.whole(9, 20))
        if is_fraud:
            stage.claim(registration, certificate, day + 24, end=stage.fate())
        scheme = "dormant entity" if is_fraud else "records lost but one"
        stage.injection.label(rule, scheme, "registration", registration, is_fraud=is_fraud)


def score_changed_after_issue(stage: Stage) -> None:
    """篡改成绩. Look-alikes: a second attempt, a mark mended in time, a mark lowered; and the rare late appeal."""
    rule, frauds = "score_changed_after_issue", stage.frauds()
    for number in range(frauds + stage.honest(frauds)):
        is_fraud = number < frauds
        registration = stage.enrol()
        day = stage.injection.registered(registration)[3] // DAY + stage.whole(5, 12)
        issued = (day + 2) * DAY + 10 * HOUR
        low, high = stage.whole(35, 58), stage.whole(62, 95)
        way = number % 3
        raised_late = is_fraud or stage.is_odd()
        first = high if way == 2 and not raised_late else low
        test = stage.injection.record(registration, learning.TEST, day * DAY + 9 * HOUR, 40 * MINUTE, score=first)
        if raised_late:
            stage.injection.rescore(test, issued + stage.whole(HOUR, 10 * DAY), high)
            scheme = "mark mended afterwards" if is_fraud else "late appeal"
        elif way == 0:
            stage.injection.record(registration, learning.TEST, (day + 1) * DAY + 9 * HOUR, 40 * MINUTE, score=high)
            scheme = "second attempt"
        elif way == 1:
            stage.injection.rescore(test, (day + 1) * DAY + 9 * HOUR, high)
            scheme = "mended in time"
        else:
            stage.injection.rescore(test, issued + stage.whole(HOUR, 10 * DAY), low)
            scheme = "mark lowered"
        stage.injection.certificate(registration, issued)
        stage.injection.label(rule, scheme, "registration", registration, is_fraud=is_fraud)


def mass_certification(stage: Stage) -> None:
    """取得资质后批量发证. Look-alikes: a platform's examination day, as large, where not nearly everybody passes."""
    rule, frauds = "mass_certification", stage.whole(1, 2)
    cells = _cells(stage, first_period=2)
    for number, (platform, day) in enumerate(cells[: frauds * 21]):
        is_fraud = number < frauds
        size = int(6 * _median_before(stage, platform, day)) + stage.whole(8, 24)
        passing = 1.0 if is_fraud else stage.between(0.6, 0.88)
        courses = stage.courses_of(platform)
        for _ in range(size):
            registration = stage.enrol(course=stage.pick(courses), day=day - stage.whole(5, 12))
            passed = stage.rng.random() < passing
            score = stage.whole(85, 100) if is_fraud else stage.whole(60, 95) if passed else stage.whole(30, 59)
            test = (day - 1) * DAY + stage.whole(9, 16) * HOUR
            stage.injection.record(registration, learning.TEST, test, 30 * MINUTE, score=score)
            # What counts as passed with 60 may count otherwise with the platform: it certifies after a talk
            stage.certify(registration, day)
        scheme = "batch after accreditation" if is_fraud else "examination day"
        stage.injection.label(rule, scheme, "platform", platform, is_fraud=is_fraud, day=day)


def idle_platform(stage: Stage) -> None:
    """Dormant entities that sign up learners and teach nobody. Look-alikes: a course that starts a fortnight later."""
    rule, frauds = "idle_platform", stage.whole(1, 2)
    cells = _cells(stage, first_period=0)
    for number, (platform, day) in enumerate(cells[: frauds * 21]):
        is_fraud = number < frauds
        drawn = _registered_in_period(stage, platform, day)
        size = 3 * drawn + stage.whole(20, 60) if is_fraud else drawn + stage.whole(12, 25)
        silent = 1.0 if is_fraud else stage.between(0.1, 0.4)
        courses = stage.courses_of(platform)
        for _ in range(size):
            registration = stage.enrol(course=stage.pick(courses), day=day + stage.whole(-2, 2))
            at = stage.injection.registered(registration)[3]
            if stage.rng.random() >= silent:
                stage.injection.record(registration, learning.SIGN_IN, at + int(stage.between(8, 13.9) * DAY))
            elif is_fraud and stage.rng.random() < 0.3:
                certificate = stage.certify(registration, at // DAY + 20)
                stage.claim(registration, certificate, at // DAY + 24, end=stage.fate())
        scheme = "dormant entity" if is_fraud else "starts a fortnight later"
        stage.injection.label(rule, scheme, "platform", platform, is_fraud=is_fraud, day=day)


def _cells(stage: Stage, *, first_period: int) -> list[tuple[int, int]]:
    """Platforms and middle days of periods, mixed, platforms apart from those where persons are staged."""
    line = stage.world.line
    periods = line.periods[first_period : first_period + 5]
    middles = [int(line.starts[line.periods.index(period)]) + 7 for period in periods]
    cells = [(platform, day) for platform in stage.quiet for day in middles]
    return [cells[place] for place in stage.rng.permutation(len(cells)).tolist()]


def _median_before(stage: Stage, platform: int, day: int) -> float:
    certificates = stage.world.certificates
    days = certificates.issued_at[certificates.platform == platform] // DAY
    counts = np.unique(days[days < day], return_counts=True)[1]
    return float(np.median(counts)) if len(counts) else 1.0


def _registered_in_period(stage: Stage, platform: int, day: int) -> int:
    line, drawn = stage.world.line, stage.world.registrations
    periods = line.period_index(drawn.registered_at[drawn.platform == platform] // DAY)
    return int((periods == line.period_index(np.array([day]))[0]).sum())
