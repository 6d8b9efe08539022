"""Made-up study: plug-ins that run courses, one person at two places, lent faces, farms of accounts."""

from __future__ import annotations

from orchestration.sandbox import learning
from orchestration.sandbox.fraud.stage import MINUTE, Stage
from orchestration.sandbox.timeline import DAY, HOUR


def study_over_day_limit(stage: Stage) -> None:
    """外挂软件刷课: courses run day and night. Look-alikes: night shifts, a lesson logged twice, a week of cramming."""
    rule, frauds = "study_over_day_limit", stage.frauds()
    for _ in range(frauds):
        person, day = stage.someone(), stage.day()
        taken = [stage.enrol(person, stage.course(p), day) for p in stage.platforms(stage.whole(2, 3))]
        for later in range(1, stage.whole(3, 6)):
            _in_turn(stage, taken, (day + later) * DAY + 4 * HOUR, stage.between(11, 17))
        stage.injection.label(rule, "plug-in study", "person", person, is_fraud=True)
    for number in range(stage.honest(frauds)):
        person, day = stage.someone(), stage.day()
        first, second = (stage.enrol(person, stage.course(p), day) for p in stage.platforms(2))
        for later in range(1, stage.whole(2, 5)):
            morning = (day + later) * DAY + 9 * HOUR
            if number % 3 == 0:
                _in_turn(stage, [first], morning + 11 * HOUR, stage.between(6.5, 8))
                scheme = "night shift"
            elif number % 3 == 1:
                hours = stage.between(5.5, 7.5)
                _in_turn(stage, [first], morning, hours)
                _in_turn(stage, [second], morning, hours)
                scheme = "lesson logged twice"
            else:
                # Rarely over the limit: whoever crams does not look at the clock
                _in_turn(stage, [first, second], morning, stage.between(7, 10.05))
                scheme = "week before a test"
        stage.injection.label(rule, scheme, "person", person, is_fraud=False)


def _in_turn(stage: Stage, taken: list[int], at: int, hours: float) -> None:
    """So many hours from a moment on, one registration after the other, nearly without a break."""
    left, turn = int(hours * HOUR), 0
    while left > 0:
        length = min(left, stage.whole(40 * MINUTE, 3 * HOUR))
        stage.injection.record(taken[turn % len(taken)], learning.STUDY, at, length)
        at, left, turn = at + length + stage.whole(0, 30), left - length, turn + 1


def concurrent_sessions(stage: Stage) -> None:
    """One account, several places at once. Look-alikes: from the phone to the computer while the phone still runs."""
    rule, frauds = "concurrent_sessions", stage.frauds()
    for _ in range(frauds):
        person, day = stage.someone(), stage.day()
        taken = [stage.enrol(person, stage.course(p), day) for p in stage.platforms(stage.whole(2, 3))]
        for later in range(1, stage.whole(2, 5) + 1):
            at = (day + later) * DAY + stage.whole(9, 19) * HOUR
            for registration in taken:
                start = at + stage.whole(0, 10 * MINUTE)
                length = stage.whole(40, 110) * MINUTE
                stage.injection.record(registration, learning.STUDY, start, length, device=stage.injection.device())
        stage.injection.label(rule, "person in two places", "person", person, is_fraud=True)
    for _ in range(stage.honest(frauds)):
        person, day = stage.someone(), stage.day()
        first, second = (stage.enrol(person, stage.course(p), day) for p in stage.platforms(2))
        phone, computer = stage.injection.device(), stage.injection.device()
        for later in range(1, stage.whole(2, 5)):
            at = (day + later) * DAY + stage.whole(9, 19) * HOUR
            length = stage.whole(20, 60) * MINUTE
            stage.injection.record(first, learning.STUDY, at, length, device=phone)
            # The phone lies there for some minutes more, now and then longer than the rule allows
            other = stage.pick([first, second])
            start = at + length - int(stage.between(-3, 5.05) * MINUTE)
            stage.injection.record(other, learning.STUDY, start, length, device=computer)
        stage.injection.label(rule, "hand-over between devices", "person", person, is_fraud=False)


def machine_paced_study(stage: Stage) -> None:
    """Same-second heartbeats. Look-alikes: players that log in equal pieces, the same lesson every day."""
    rule, frauds = "machine_paced_study", stage.frauds()
    for _ in range(frauds):
        registration = stage.enrol()
        at = (stage.injection.registered(registration)[3] // DAY + 1) * DAY + 8 * HOUR
        _paced(stage, registration, at, stage.whole(12, 40), stage.whole(240, 900), stage.whole(1, 90))
        stage.injection.label(rule, "plug-in study", "registration", registration, is_fraud=True)
    for number in range(stage.honest(frauds)):
        registration = stage.enrol()
        day = stage.injection.registered(registration)[3] // DAY + 1
        if number % 2 == 0:
            piece = stage.pick([180, 300, 600])
            for later in range(stage.whole(2, 5)):
                # A learner pauses before long; a few sit through it all
                pieces = stage.whole(10, 12) if stage.is_odd() else stage.whole(3, 9)
                _paced(stage, registration, (day + later) * DAY + 19 * HOUR + stage.whole(0, HOUR), pieces, piece, 0)
            scheme = "player logs in pieces"
        else:
            for later in range(stage.whole(10, 18)):
                start = (day + later) * DAY + 20 * HOUR + stage.whole(0, 4 * MINUTE)
                stage.injection.record(registration, learning.STUDY, start, 45 * MINUTE)
            scheme = "same lesson every evening"
        stage.injection.label(rule, scheme, "registration", registration, is_fraud=False)


def _paced(stage: Stage, registration: int, at: int, count: int, length: int, gap: int) -> None:
    for _ in range(count):
        stage.injection.record(registration, learning.STUDY, at, length)
        at += length + gap


def shared_device(stage: Stage) -> None:
    """India: 12,122 accounts for 52,381 people. Look-alikes: a couple, a family that takes turns, a dormitory."""
    rule, frauds = "shared_device", stage.frauds()
    for _ in range(frauds):
        device, day = stage.injection.device(), stage.day()
        course = stage.course()
        crew = [stage.enrol(course=course, day=day) for _ in range(stage.whole(4, 20))]
        for later in range(1, stage.whole(1, 4) + 1):
            _one_after_another(stage, crew, (day + later) * DAY + 8 * HOUR, device)
        stage.injection.label(rule, "many people, one account", "device", device, is_fraud=True)
    for number in range(stage.honest(frauds)):
        device, day = stage.injection.device(), stage.day()
        is_couple = number % 2 == 0
        family = [stage.enrol(day=day) for _ in range(2 if is_couple else stage.whole(3, 5))]
        crowded = not is_couple and stage.is_odd()
        for later in range(1, stage.whole(3, 6)):
            today = family if is_couple or (crowded and later == 1) else [family[later % len(family)]]
            _one_after_another(stage, today, (day + later) * DAY + 18 * HOUR, device)
        scheme = "couple" if is_couple else "family that takes turns"
        stage.injection.label(rule, scheme, "device", device, is_fraud=False)


def _one_after_another(stage: Stage, registrations: list[int], at: int, device: int) -> None:
    for registration in registrations:
        length = stage.whole(15, 40) * MINUTE
        stage.injection.record(registration, learning.STUDY, at, length, device=device)
        at += length + stage.whole(1, 5) * MINUTE


def face_check_failing(stage: Stage) -> None:
    """Somebody else sits there. Look-alikes: a poor camera in bad light."""
    rule, frauds = "face_check_failing", stage.frauds()
    honest = stage.honest(frauds)
    for number in range(frauds + honest):
        is_fraud = number < frauds
        registration = stage.enrol()
        day = stage.injection.registered(registration)[3] // DAY + 1
        failing = stage.between(0.45, 0.9) if is_fraud else stage.between(0, 0.15)
        checks = stage.whole(6, 15)
        failed = round(failing * checks) if is_fraud else int(stage.rng.binomial(checks, failing))
        for check in range(checks):
            face = "failed" if check < failed else "passed"
            start = (day + check) * DAY + 19 * HOUR + stage.whole(0, HOUR)
            stage.injection.record(registration, learning.STUDY, start, 30 * MINUTE, face=face)
        scheme = "somebody else learns" if is_fraud else "poor camera"
        stage.injection.label(rule, scheme, "registration", registration, is_fraud=is_fraud)
