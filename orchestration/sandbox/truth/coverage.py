"""Targets and occupations: what is covered, what is taken up, when a target was reached."""

from __future__ import annotations

import numpy as np

from orchestration.sandbox.catalogue import occupation_codes
from orchestration.sandbox.reference import NATION
from orchestration.sandbox.registrations import UNKNOWN_COURSE
from orchestration.sandbox.timeline import DAY, day_of
from orchestration.sandbox.truth.progress import distinct, sums
from orchestration.sandbox.truth.state import State, open_courses, platform_selected
from orchestration.sandbox.truth.tables import Table


def offered_courses(state: State, day: int) -> np.ndarray:
    """Indices of the courses of a known occupation that are open on `day` at a platform selected that day."""
    drawn = state.world.courses
    selected = platform_selected(state.world, drawn.platform, np.full(len(drawn), day))
    return np.flatnonzero(open_courses(state, day) & selected & (drawn.occupation >= 0))


def covered_on(state: State, day: int) -> int:
    """How many occupations are covered on `day`."""
    return len(np.unique(state.world.courses.occupation[offered_courses(state, day)]))


def selected_on(state: State, day: int) -> int:
    """How many platforms are selected on `day`."""
    everyone = np.arange(len(state.world.platforms))
    return int(platform_selected(state.world, everyone, np.full(len(everyone), day)).sum())


def target_progress(state: State) -> Table:
    """The three national targets as at each period. `reached_on` is null while a target was never reached."""
    table = Table(
        "the mart target_progress: province 000000",
        ("period_start", "target_code", "province_code"),
        ("actual_value", "reached_on"),
    )
    line = state.world.line
    days = range(line.first_day, min(line.last_day, line.clock_day) + 1)
    registered = np.bincount(state.day[state.counted] - line.first_day, minlength=len(days)).cumsum()
    series = {
        "platforms": np.array([selected_on(state, day) for day in days]),
        "occupations": np.array([covered_on(state, day) for day in days]),
        "registrations": registered,
    }
    for target in line.campaign.targets:
        values = series[target.target_code]
        reached = np.flatnonzero(values >= target.value)
        first = int(reached[0]) if len(reached) else None
        for period, as_at in zip(line.periods, line.as_at.tolist(), strict=True):
            place = as_at - line.first_day
            is_reached = first is not None and first <= place
            reached_on = day_of(line.first_day + first).isoformat() if is_reached and first is not None else None
            table.add((period.key, target.target_code, NATION), (int(values[place]), reached_on))
    return table


def taken_up_from(state: State) -> np.ndarray:
    """Over occupations: the first day of a counted registration of a course open that day; a far day where none."""
    drawn = state.world.courses
    course = state.world.registrations.course
    found = np.full(len(occupation_codes()), 10**9)
    counted = state.counted
    counted = counted[course[counted] != UNKNOWN_COURSE]
    for day in np.unique(state.day[counted]).tolist():
        is_open = open_courses(state, day)
        taken = course[counted[state.day[counted] == day]]
        taken = taken[is_open[taken] & (drawn.occupation[taken] >= 0)]
        found[drawn.occupation[taken]] = np.minimum(found[drawn.occupation[taken]], day)
    return found


def occupation_coverage(state: State) -> Table:
    """Occupations of which something is to be said; the mart has the others with zeros."""
    table = Table(
        "the mart occupation_coverage without its all-zero rows; open courses are those of platforms selected then",
        ("period_start", "occupation_code"),
        (
            "courses_open_count", "platforms_offering_count", "class_hours_open", "is_covered", "is_taken_up",
            "registrations", "learners", "completed_registrations", "certificates_count",
        ),
    )  # fmt: skip
    world, line = state.world, state.world.line
    codes = occupation_codes()
    shape = (len(codes), len(line.periods))
    course = world.registrations.course
    # A course that nobody has delivered yet says nothing of its occupation.
    is_told = (course != UNKNOWN_COURSE) & (state.course_version[course] >= 0)
    occupation = np.where(is_told, world.courses.occupation[course], -1)
    counted = state.counted
    counted = counted[occupation[counted] >= 0]
    registrations = sums(occupation[counted], state.period[counted], *shape)
    people = distinct(occupation[counted], state.period[counted], world.registrations.person[counted])
    completed = sums(occupation[counted], state.completed_period[counted], *shape)
    certificates = state.unrevoked_certificates()
    holder = world.certificates.registration[certificates]
    issued = line.period_index(world.certificates.issued_at[certificates] // DAY)
    fits = state.is_counted[holder] & (occupation[holder] >= 0)
    certified = sums(occupation[holder[fits]], issued[fits], *shape)
    learners = sums(people[0], people[1], *shape)
    taken_up = taken_up_from(state)
    for number, (period, as_at) in enumerate(zip(line.periods, line.as_at.tolist(), strict=True)):
        offered = offered_courses(state, as_at)
        of = world.courses.occupation[offered]
        open_count = np.bincount(of, minlength=len(codes))
        tenths = np.bincount(of, weights=world.courses.class_hours_tenths[offered], minlength=len(codes)).astype(int)
        pairs = distinct(of, world.courses.platform[offered])
        offering = np.bincount(pairs[0], minlength=len(codes))
        for place, code in enumerate(codes.tolist()):
            values = (
                int(open_count[place]),
                int(offering[place]),
                f"{tenths[place] // 10}.{tenths[place] % 10}",
                bool(open_count[place]),
                bool(taken_up[place] <= as_at),
                *(int(part[place, number]) for part in (registrations, learners, completed, certified)),
            )
            if open_count[place] or values[4] or any(values[5:]):
                table.add((period.key, code), values)
    return table


def occupation_counts(state: State) -> Table:
    """How many occupations are covered and taken up as at each period."""
    table = Table(
        "occupations covered and taken up as at each period",
        ("period_start",),
        ("covered_count", "taken_up_count"),
    )
    taken_up = taken_up_from(state)
    for period, as_at in zip(state.world.line.periods, state.world.line.as_at.tolist(), strict=True):
        table.add((period.key,), (covered_on(state, as_at), int((taken_up <= as_at).sum())))
    return table
