"""Registration marts against plain counting over every row, on random small worlds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import product
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marts_sql import BEGUN, CLOCK, DAYS, FIRST_DAY, LAST_DAY, PLATFORMS, PROVINCES, Compiled, World, period_of

NATION, ALL = "000000", "_all"


@dataclass(frozen=True)
class Registration:
    person_sk: int
    province_code: str
    platform_id: str
    registered_at: datetime
    is_platform_selected: bool
    is_verified: bool
    is_active: bool
    completed_after_days: int | None

    @property
    def is_in_action(self) -> bool:
        return FIRST_DAY <= self.registered_at.date() <= LAST_DAY

    @property
    def may_count(self) -> bool:
        return self.is_in_action and self.is_platform_selected and self.registered_at <= CLOCK

    @property
    def is_counted(self) -> bool:
        return self.may_count and self.is_verified and self.is_active

    @property
    def completed_at(self) -> datetime | None:
        if self.completed_after_days is None:
            return None
        return self.registered_at + timedelta(days=self.completed_after_days)


@dataclass(frozen=True)
class LearningDay:
    registration: int
    day: date
    study_seconds: Decimal
    is_active_day: bool


_days = st.integers(-1, len(DAYS)).map(lambda number: FIRST_DAY + timedelta(days=number))
# Most of them count: a world of refusals tells little
_mostly = st.sampled_from([True, True, True, True, False])
_registration = st.builds(
    Registration,
    person_sk=st.integers(1, 3),
    province_code=st.sampled_from(PROVINCES),
    platform_id=st.sampled_from(PLATFORMS),
    registered_at=st.builds(datetime.combine, _days, st.sampled_from([time(0), time(12), time(12, 0, 1)])),
    is_platform_selected=_mostly,
    is_verified=_mostly,
    is_active=_mostly,
    completed_after_days=st.none() | st.integers(0, 9),
)
_learning_day = st.builds(
    LearningDay,
    # Few registrations and days, so that a person meets himself on one of them
    registration=st.integers(0, 7),
    day=st.integers(-1, 1).map(lambda number: FIRST_DAY + timedelta(days=number)),
    study_seconds=st.decimals(0, 50000, places=6),
    is_active_day=st.booleans(),
)


def _lists_of_learning(min_size: int) -> st.SearchStrategy[list[LearningDay]]:
    return st.lists(
        _learning_day, min_size=min_size, max_size=20, unique_by=lambda learnt: (learnt.registration, learnt.day)
    )


_settings = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_settings
@given(registrations=st.lists(_registration, max_size=14), learning=_lists_of_learning(0))
def test_registration_progress_is_what_counting_row_by_row_gives(
    compiled: Compiled, registrations: list[Registration], learning: list[LearningDay]
) -> None:
    found = _world(compiled, registrations, learning).rows(
        "registration_progress",
        *("period_start", "province_code", "platform_id", "row_kind", "registrations", "learners"),
        *("cumulative_registrations", "cumulative_learners", "new_learners", "cancelled_registrations"),
        *("unverified_registrations", "completed_registrations", "study_hours"),
    )
    expected = []
    for start, (province, platform, belongs) in product(BEGUN, _rows()):
        candidates = [one for one in registrations if belongs(one) and one.may_count]
        counted = [one for one in candidates if one.is_counted]
        made = [one for one in counted if _period(one) == start]
        to_date = [one for one in counted if _period(one) <= start]
        before = {one.person_sk for one in counted if _period(one) < start}
        refused = [one for one in candidates if _period(one) == start]
        completed = [
            one
            for one in counted
            if one.completed_at and one.completed_at <= CLOCK and period_of(one.completed_at.date()) == start
        ]
        studied = _hours(
            learnt.study_seconds
            for learnt in learning
            if _registration_of(learnt, registrations) in counted
            and learnt.day in DAYS
            and period_of(learnt.day) == start
        )
        row = (
            *(start, province, platform, "total" if province == NATION or platform == ALL else "detail"),
            *(len(made), len(_persons(made)), len(to_date), len(_persons(to_date)), len(_persons(made) - before)),
            sum(not one.is_active for one in refused),
            sum(one.is_active and not one.is_verified for one in refused),
            *(len(completed), studied),
        )
        if any(row[4:-1]) or studied:
            expected.append(row)
    assert found == sorted(expected)


@_settings
@given(registrations=st.lists(_registration, min_size=6, max_size=12), learning=_lists_of_learning(8))
def test_registration_daily_is_what_counting_row_by_row_gives(
    compiled: Compiled, registrations: list[Registration], learning: list[LearningDay]
) -> None:
    found = _world(compiled, registrations, learning).rows(
        "registration_daily",
        *("day", "province_code", "platform_id", "registrations", "learners", "active_learners", "study_hours"),
    )
    expected = []
    for day, (province, platform, belongs) in product(DAYS, _rows()):
        counted = [one for one in registrations if belongs(one) and one.is_counted]
        made = [one for one in counted if one.registered_at.date() == day]
        learnt_today = [
            (learnt, registration)
            for learnt in learning
            if learnt.day == day and (registration := _registration_of(learnt, registrations)) in counted
        ]
        active = {registration.person_sk for learnt, registration in learnt_today if learnt.is_active_day}
        hours = _hours(learnt.study_seconds for learnt, _ in learnt_today)
        row = (day, province, platform, len(made), len(_persons(made)), len(active), hours)
        if made or active or hours:
            expected.append(row)
    assert found == sorted(expected)


def _world(compiled: Compiled, registrations: list[Registration], learning: list[LearningDay]) -> World:
    world = World(compiled)
    world.put(
        "fct_registration",
        *(
            {
                **{name: value for name, value in asdict(one).items() if name != "completed_after_days"},
                "registration_sk": number,
                "registered_on": one.registered_at.date(),
                "period_start": period_of(one.registered_at.date()),
                "is_in_action": one.is_in_action,
                # Core knows no clock: what is dated after it must be left out by the mart
                "is_counted": one.is_in_action and one.is_platform_selected and one.is_verified and one.is_active,
                "completed_at": one.completed_at,
                "completed_period_start": one.completed_at and period_of(one.completed_at.date()),
            }
            for number, one in enumerate(registrations)
        ),
    )
    world.put(
        "fct_learning_day",
        *(
            {
                "registration_sk": learnt.registration,
                "day": learnt.day,
                "study_seconds": learnt.study_seconds,
                "is_active_day": learnt.is_active_day,
            }
            for learnt in learning
        ),
    )
    return world


def _rows() -> Iterator[tuple[str, str, Callable[[Registration], bool]]]:
    """Every province × platform, totals included, with what belongs to it."""
    for province, platform in product((NATION, *PROVINCES), (ALL, *PLATFORMS)):

        def belongs(one: Registration, province: str = province, platform: str = platform) -> bool:
            return province in (NATION, one.province_code) and platform in (ALL, one.platform_id)

        yield province, platform, belongs


def _registration_of(learnt: LearningDay, registrations: list[Registration]) -> Registration | None:
    return registrations[learnt.registration] if learnt.registration < len(registrations) else None


def _period(one: Registration) -> Any:
    return period_of(one.registered_at.date())


def _persons(registrations: list[Registration]) -> set[int]:
    return {one.person_sk for one in registrations}


def _hours(seconds: Any) -> Decimal:
    return (sum(seconds, Decimal(0)) / 3600).quantize(Decimal("0.0001"), ROUND_HALF_UP)
