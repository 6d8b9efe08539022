"""What the truth makes of single records; the arrays of a drawn world with the interesting value put in by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from orchestration.sandbox import courses as courses_module
from orchestration.sandbox.places import draw_places
from orchestration.sandbox.timeline import DAY, NEVER, timeline
from orchestration.sandbox.truth.state import newest, open_courses, platform_selected, state_at


def test_newest_is_the_last_version_before_the_moment():
    key = np.array([0, 0, 0, 2, 2])
    at = np.array([10, 20, 30, 15, 40])
    assert newest(key, at, 3, 30).tolist() == [1, -1, 3]
    assert newest(key, at, 3, 31).tolist() == [2, -1, 3]
    assert newest(key, at, 3, 5).tolist() == [-1, -1, -1]


def test_a_province_follows_the_code_rules():
    places = draw_places()
    province = dict(zip(places.code.tolist(), places.province.tolist(), strict=True))
    assert province["420102"] == "420000"
    assert province["659001"] == "660000"
    assert province["661200"] == "660000"
    assert province["654223"] == "650000"
    assert province["999999"] == province["420199"] == "990000"
    assert province["130521"] == province["130505"] == "130000", "codes that ended and began in 2020"


def test_a_platform_is_selected_on_its_first_and_last_day(world):
    line = world.drawn.line
    dropped = next(i for i, spec in enumerate(world.drawn.platforms) if spec.selected_to)
    last = world.drawn.platforms[dropped].selected_to.toordinal() - 719_163
    days = np.array([line.first_day - 1, line.first_day, last, last + 1])
    assert platform_selected(world.drawn, np.full(4, dropped), days).tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("change", "is_open"),
    [
        ({}, True),
        ({"review": 1}, False),
        ({"is_free": False}, False),
        ({"category": courses_module.GENERAL}, False),
        ({"published_at": 100 * DAY + DAY - 1}, True),
        ({"published_at": 101 * DAY}, False),
        ({"withdrawn_at": 100 * DAY + DAY - 1}, False),
        ({"withdrawn_at": 101 * DAY}, True),
        ({"free_until": 100}, True),
        ({"free_until": 99}, False),
    ],
)
def test_a_course_is_open_by_rule_six(world, change, is_open):
    """The rule on day 100 for a course that is open but for `change`."""
    drawn = world.drawn.courses
    usual = {
        "review": 0, "is_free": True, "category": 0, "published_at": 50 * DAY, "withdrawn_at": NEVER,
        "free_until": NEVER,
    } | change  # fmt: skip
    size = len(drawn)
    course = replace(
        drawn,
        category=np.full(size, usual["category"]),
        is_free=np.full(size, usual["is_free"]),
        published_at=np.full(size, usual["published_at"]),
        free_until=np.full(size, usual["free_until"]),
        version_course=np.arange(size),
        version_at=np.zeros(size, dtype=np.int64),
        version_review=np.full(size, usual["review"]),
        version_withdrawn_at=np.full(size, usual["withdrawn_at"]),
    )
    state = state_at(replace(world.drawn, courses=course), timeline().now)
    assert open_courses(state, 100).tolist() == [is_open] * size


def test_what_is_counted_agrees_with_a_plain_loop(world):
    """The filters of rule 2 and the newest state of rule 1, record by record."""
    drawn, line = world.drawn.registrations, world.drawn.line
    state = state_at(world.drawn, line.now)
    latest: dict[int, int] = {}
    for version, (registration, at) in enumerate(zip(drawn.version_registration, drawn.version_at, strict=True)):
        if at < line.now and (registration not in latest or at > drawn.version_at[latest[registration]]):
            latest[int(registration)] = version
    counted = set()
    for registration, version in latest.items():
        spec = world.drawn.platforms[drawn.platform[registration]]
        day = np.datetime64(int(drawn.registered_at[registration]), "s").astype("datetime64[D]").item()
        selected = spec.selected_from <= day and (spec.selected_to is None or day <= spec.selected_to)
        in_action = line.campaign.first_day <= day <= line.campaign.last_day
        is_good = drawn.version_real_name[version] == 0 and not drawn.version_is_cancelled[version]
        if selected and in_action and is_good:
            counted.add(registration)
    assert counted == set(state.counted.tolist())
    assert 0 < len(counted) < len(latest)


def test_confirmation_agrees_with_a_plain_loop(world):
    drawn, line = world.drawn, world.drawn.line
    state = state_at(drawn, line.now)
    rosters = drawn.rosters
    current: dict[int, int] = {}
    for version, (row, at) in enumerate(zip(rosters.version_row, rosters.version_at, strict=True)):
        if at < line.now:
            current[int(row)] = version
    confirmed = np.zeros(len(drawn.registrations), dtype=np.int64)
    for row, version in current.items():
        end = rosters.version_valid_to[version]
        for registration in np.flatnonzero(drawn.registrations.person == rosters.person[row]).tolist():
            day = drawn.registrations.registered_at[registration] // DAY
            if rosters.valid_from[row] <= day and (end == NEVER or day <= end):
                confirmed[registration] |= 1 << int(rosters.group[row])
    assert confirmed.any()
    assert state.confirmed.tolist() == confirmed.tolist()


def test_completion_agrees_with_a_plain_loop(world):
    drawn = world.drawn
    state = state_at(drawn, drawn.line.now)
    firsts: dict[tuple[str, int], int] = {}

    def see(what: str, registration: int, moment: int) -> None:
        key = (what, registration)
        firsts[key] = min(firsts.get(key, moment), moment)

    certificates, learning = drawn.certificates, drawn.learning
    for number, version in enumerate(state.certificate_version.tolist()):
        if (
            version >= 0
            and certificates.version_revoked_at[version] == NEVER
            and certificates.registration[number] >= 0
        ):
            see("certificate", int(certificates.registration[number]), int(certificates.issued_at[number]))
    for number, version in enumerate(state.record_version.tolist()):
        if version >= 0 and learning.version_status[version] != 1 and learning.registration[number] >= 0:
            kind = {0: "sign_in", 3: "test"}.get(int(learning.kind[number]))
            if kind:
                see(kind, int(learning.registration[number]), int(learning.started_at[number]))
    wanted = []
    for registration in range(len(drawn.registrations)):
        moments = [firsts.get((what, registration)) for what in ("certificate", "sign_in", "test")]
        wanted.append(int(NEVER) if None in moments else max(moments))
    assert state.completed_at.tolist() == wanted
    assert sum(moment != NEVER for moment in wanted) > 100
