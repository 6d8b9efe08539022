"""Rules on time against a count slot by slot, on random small worlds.

Every moment of a world lies on a quarter of an hour, so that a quarter is either wholly studied or not at all.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.core_sql import CUT_HOURS, DAYS, Compiled, World, at, period_of

SLOT = 15
SLOTS_A_DAY = 24 * 60 // SLOT
CUT_SLOTS = CUT_HOURS * 60 // SLOT
# Registration → person and platform
REGISTRATIONS = {11: (1, "P1"), 12: (1, "P2"), 13: (1, "P1"), 21: (2, "P1"), 22: (2, "P2")}


@dataclass(frozen=True)
class Record:
    registration: int
    first: int  # slots after the first midnight
    length: int
    device: str | None
    kind: str = "study"
    is_active: bool = True

    @property
    def person(self) -> int:
        return REGISTRATIONS[self.registration][0]

    @property
    def platform(self) -> str:
        return REGISTRATIONS[self.registration][1]

    @property
    def slots(self) -> range:
        """The quarters that count as studied."""
        counts = self.is_active and self.kind == "study" and self.length > 0
        return range(self.first, self.first + min(self.length, CUT_SLOTS)) if counts else range(0)


# Around two midnights, dense enough that records meet
_records = st.lists(
    st.builds(
        Record,
        registration=st.sampled_from(sorted(REGISTRATIONS)),
        first=st.integers(SLOTS_A_DAY - 12, SLOTS_A_DAY + 12) | st.integers(2 * SLOTS_A_DAY - 6, 2 * SLOTS_A_DAY + 6),
        length=st.integers(-1, 8) | st.just(CUT_SLOTS + 2),
        device=st.sampled_from([None, "a", "b"]),
        kind=st.sampled_from(["study", "study", "study", "test"]),
        is_active=st.sampled_from([True, True, True, False]),
    ),
    max_size=14,
)
_settings = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def moment(slot: int) -> datetime:
    return at(slot * SLOT)


def key_of(person: int) -> str:
    return str(UUID(int=person))


def world_of(compiled: Compiled, records: list[Record], rule: str, **parameters: float) -> World:
    world = World(compiled, {rule: parameters})
    world.put(
        "fct_registration",
        *(
            {
                "registration_sk": registration,
                "platform_id": platform,
                "registration_id": f"R{registration}",
                "person_sk": person,
                "person_key": UUID(int=person),
            }
            for registration, (person, platform) in REGISTRATIONS.items()
        ),
    )
    world.put(
        "fct_learning_record",
        *(
            {
                "registration_sk": record.registration,
                "platform_id": record.platform,
                "record_id": f"L{number:02d}",
                "kind": record.kind,
                "started_at": moment(record.first),
                "ended_at": moment(record.first + record.length),
                "device_id": record.device,
                "is_active_record": record.is_active,
            }
            for number, record in enumerate(records)
        ),
    )
    return world


def evidence_of(records: list[Record], person: int, slots: set[int]) -> list[str]:
    """Ids of the person's records that touch the slots, in the order of a signal."""
    touching = [
        (record.first, record.platform, f"L{number:02d}")
        for number, record in enumerate(records)
        if record.person == person and slots.intersection(record.slots)
    ]
    return [record_id for _, _, record_id in sorted(touching)]


@_settings
@given(records=_records, limit=st.integers(1, 12))
def test_study_over_a_day_limit_is_that_of_the_quarters_studied(
    compiled_rules: Compiled, records: list[Record], limit: int
) -> None:
    world = world_of(
        compiled_rules, records, "study_over_day_limit", max_hours_per_day=limit * SLOT / 60
    )  # in quarters of an hour, which DECIMAL(18,4) holds exactly
    found = world.signals(
        "study_over_day_limit", "subject_id", "period_start", "first_at", "cast(last_at as date)", "evidence"
    )
    over: dict[tuple[int, object], set[int]] = defaultdict(set)
    for person in (1, 2):
        for number, day in enumerate(DAYS):
            today = range(number * SLOTS_A_DAY, (number + 1) * SLOTS_A_DAY)
            studied = {slot for record in records if record.person == person for slot in record.slots if slot in today}
            if len(studied) > limit:
                over[person, period_of(day)] |= studied
    expected = []
    for (person, period), slots in over.items():
        days = {slot // SLOTS_A_DAY for slot in slots}
        on_those_days = {slot for day in days for slot in range(day * SLOTS_A_DAY, (day + 1) * SLOTS_A_DAY)}
        expected.append(
            (
                key_of(person),
                period,
                moment(min(slots)),
                DAYS[max(days)],
                evidence_of(records, person, on_those_days),
            )
        )
    assert found == sorted(expected)


@_settings
@given(records=_records, limit=st.integers(0, 4))
def test_sessions_at_once_are_those_of_the_quarters_with_two_platforms_or_devices(
    compiled_rules: Compiled, records: list[Record], limit: int
) -> None:
    world = world_of(compiled_rules, records, "concurrent_sessions", min_overlap_minutes=limit * SLOT)
    found = world.signals("concurrent_sessions", "subject_id", "period_start", "first_at", "last_at", "evidence")
    runs: dict[tuple[int, object], set[int]] = defaultdict(set)
    for person in (1, 2):
        platforms: dict[int, set[str]] = defaultdict(set)
        devices: dict[int, set[str]] = defaultdict(set)
        for record in records:
            if record.person == person:
                for slot in record.slots:
                    platforms[slot].add(record.platform)
                    devices[slot] |= {record.device} - {None}
        doubled = sorted(slot for slot in platforms if len(platforms[slot]) > 1 or len(devices[slot]) > 1)
        for run in _runs(doubled):
            if len(run) > limit:
                # a run that ends at midnight ends on the next day
                runs[person, period_of(moment(run[-1] + 1).date())].update(run)
    expected = [
        (
            key_of(person),
            period,
            moment(min(slots)),
            moment(max(slots) + 1),
            evidence_of(records, person, slots),
        )
        for (person, period), slots in runs.items()
    ]
    assert found == sorted(expected)


def _runs(slots: list[int]) -> list[list[int]]:
    """Slots without a gap, together."""
    runs: list[list[int]] = []
    for slot in slots:
        if runs and runs[-1][-1] == slot - 1:
            runs[-1].append(slot)
        else:
            runs.append([slot])
    return runs


_paced = st.lists(st.tuples(st.integers(1, 2), st.integers(1, 2)), min_size=2, max_size=14)


@_settings
@given(steps=_paced, number=st.integers(3, 5))
def test_a_machines_pace_is_every_window_of_records_alike(
    compiled_rules: Compiled, steps: list[tuple[int, int]], number: int
) -> None:
    """Each record has a length and a gap to the one before."""
    records, clock = [], 0
    for length, gap in steps:
        records.append(Record(11, clock + gap, length, None))
        clock += gap + length
    world = world_of(compiled_rules, records, "machine_paced_study", min_consecutive_records=number)
    found = world.signals("machine_paced_study", "subject_id", "first_at", "last_at", "evidence_count", "evidence")
    paced: set[int] = set()
    for first in range(len(records) - number + 1):
        window = records[first : first + number]
        gaps = {after.first - before.first - before.length for before, after in pairwise(window)}
        if len({record.length for record in window}) == 1 and len(gaps) == 1:
            paced |= set(range(first, first + number))
    by_period: dict[object, set[int]] = defaultdict(set)
    for run in _runs(sorted(paced)):
        by_period[period_of(moment(records[run[-1]].first).date())].update(run)
    expected = [
        (
            "P1/R11",
            moment(records[min(run)].first),
            moment(records[max(run)].first),
            len(run),
            [f"L{place:02d}" for place in sorted(run)],
        )
        for run in by_period.values()
    ]
    assert found == sorted(expected)


def test_the_small_world_counts_as_the_tests_say() -> None:
    """The count itself: a cut record, a voided one, one that ends before it begins."""
    assert len(Record(11, 0, CUT_SLOTS + 2, None).slots) == CUT_SLOTS
    assert not Record(11, 0, 3, None, is_active=False).slots
    assert not Record(11, 0, -1, None).slots
    assert moment(SLOTS_A_DAY) - moment(0) == timedelta(days=1)
