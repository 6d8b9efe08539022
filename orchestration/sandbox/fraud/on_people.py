"""Learners who are none: too old, too young, or borrowed from another project."""

from __future__ import annotations

from orchestration.sandbox.catalogue import PROJECT_BASED
from orchestration.sandbox.fraud.stage import Stage


def working_age(stage: Stage) -> None:
    """假学员: pensioners and pupils. Look-alikes: the first and last years of working age; women who retire at 60."""
    rule, frauds = "working_age", stage.frauds()
    for number in range(frauds + stage.honest(frauds)):
        is_fraud = number < frauds
        is_man = bool(stage.whole(0, 1))
        if is_fraud:
            age = stage.whole(13, 15) if number % 3 == 0 else stage.whole(61 if is_man else 56, 74)
            scheme = "pensioners and pupils"
        elif stage.is_odd():
            is_man, age, scheme = False, stage.whole(56, 60), "women who retire at 60"
        else:
            age = stage.whole(16, 18) if number % 2 else stage.whole(57, 60) - (0 if is_man else 5)
            scheme = "first and last years"
        registration = stage.enrol(stage.someone(age=age, is_man=is_man))
        stage.injection.label(rule, scheme, "registration", registration, is_fraud=is_fraud)


def roster_reuse(stage: Stage) -> None:
    """以其他培训抵顶: one roster, two projects. Look-alikes: one course after the other, some who take two."""
    rule, frauds = "roster_reuse", stage.frauds()
    for number in range(frauds + stage.honest(frauds)):
        is_fraud = number < frauds
        home, starts = stage.home(), stage.day()
        bureau = stage.injection.bureau_of(home)
        course = stage.course()
        size = stage.whole(8, 16) if is_fraud else stage.whole(6, 9)
        ends = starts + stage.whole(15, 30)
        follows = not is_fraud and number % 2 == 0
        other_starts = ends + stage.whole(1, 3) if follows else starts + stage.whole(0, 10)
        project = stage.injection.project(bureau, PROJECT_BASED, starts, ends)
        other = stage.injection.project(bureau, PROJECT_BASED, other_starts, other_starts + 20)
        roster = [stage.injection.person(home) for _ in range(size)]
        share = stage.between(0.6, 1) if is_fraud else 1 if follows else stage.between(0.1, 0.45)
        shared = roster[: max(1, round(share * size))] if is_fraud or follows else roster[: int(share * size)]
        # In the other project the borrowed are a minority
        others = [*shared, *(stage.injection.person(home) for _ in range(len(shared) + 2))]
        for person in roster:
            stage.enrol(person, course, starts + 1, project=project)
        for person in others:
            stage.enrol(person, course, other_starts + 1, project=other)
        scheme = "one roster, two projects" if is_fraud else "one after the other" if follows else "some take two"
        stage.injection.label(rule, scheme, "project", project, is_fraud=is_fraud)
