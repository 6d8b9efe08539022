"""One living allowance a person and day, against a count quarter by quarter, on random small worlds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.core_sql import DAYS, FIRST_DAY, Compiled, World, at

SLOT = 15
SLOTS_A_DAY = 24 * 60 // SLOT
AMOUNT = 50
# Registration → person, platform, registered at; two registered in the same moment
REGISTRATIONS = {
    11: (1, "P1", at(-60)),
    12: (1, "P2", at(-60)),
    13: (1, "P1", at(-90)),
    21: (2, "P1", at(-30)),
    22: (2, "P2", at(-45)),
}


@dataclass(frozen=True)
class Interval:
    registration: int
    day: int
    first: int  # slots after its day's midnight
    length: int

    @property
    def person(self) -> int:
        return REGISTRATIONS[self.registration][0]

    @property
    def slots(self) -> set[int]:
        return set(range(self.first, min(self.first + self.length, SLOTS_A_DAY)))


_intervals = st.lists(
    st.builds(
        Interval,
        registration=st.sampled_from(sorted(REGISTRATIONS)),
        day=st.integers(0, 3),
        first=st.integers(20, 30) | st.just(SLOTS_A_DAY - 2),
        length=st.integers(1, 10),
    ),
    max_size=14,
)
_rosters = st.dictionaries(
    st.sampled_from([1, 2]), st.tuples(st.sampled_from(["KG07", "KG08"]), st.integers(0, 2), st.integers(0, 3))
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    intervals=_intervals,
    rosters=_rosters,
    least_slots=st.integers(1, 12),
    max_days=st.none() | st.integers(0, 3),
)
def test_a_day_is_paid_once_to_the_registration_with_most_study(
    compiled_core: Compiled, intervals: list[Interval], rosters: dict, least_slots: int, max_days: int | None
) -> None:
    world = _world(compiled_core, _apart(intervals), rosters, least_slots, max_days)
    paid = world.rows("fct_study_day_credit", "person_sk", "day", "registration_sk", "credited_amount_cny")
    expected = []
    for person in (1, 2):
        credited = 0
        for number in range(4):
            mine = [one for one in intervals if one.person == person and one.day == number]
            if not mine or person not in rosters:
                continue
            union = set().union(*(one.slots for one in mine))
            group, began, ended = rosters[person]
            is_earned = len(union) >= least_slots and began <= number <= ended and group == "KG07"
            is_credited = is_earned and (max_days is None or credited < max_days)
            credited += is_credited
            expected.append((person, DAYS[number], _winner(mine), AMOUNT if is_credited else 0))
    assert paid == sorted(expected)
    world.derive("fct_study_day_credit")
    decided = world.rows(
        "fct_allowance_decision", "person_sk", "sum(entitled_amount_cny) over (partition by person_sk)"
    )
    sums = Counter()
    for person, _, _, amount in expected:
        sums[person] += amount
    assert {person: int(amount) for person, amount in decided if amount} == {
        person: amount for person, amount in sums.items() if amount
    }


def _winner(intervals: list[Interval]) -> int:
    """Most study of its own; then registered first, then by platform and number."""
    own: dict[int, set[int]] = {}
    for one in intervals:
        own.setdefault(one.registration, set()).update(one.slots)

    def order(registration: int) -> tuple:
        _, platform, registered_at = REGISTRATIONS[registration]
        return -len(own[registration]), registered_at, platform, f"R{registration}"

    return min(own, key=order)


def _apart(intervals: list[Interval]) -> list[tuple[int, date, datetime, datetime]]:
    """As core's intervals are: of one registration, none touches another."""
    slots: dict[tuple[int, int], set[int]] = {}
    for one in intervals:
        slots.setdefault((one.registration, one.day), set()).update(one.slots)
    rows = []
    for (registration, day), studied in slots.items():
        for first in sorted(studied):
            if first - 1 in studied:
                continue
            last = first
            while last + 1 in studied:
                last += 1
            midnight = day * SLOTS_A_DAY
            rows.append((registration, DAYS[day], at((midnight + first) * SLOT), at((midnight + last + 1) * SLOT)))
    return rows


def _world(compiled: Compiled, studied: list, rosters: dict, least_slots: int, max_days: int | None) -> World:
    world = World(compiled)
    world.put("dim_group", *({"group_code": code, "is_living_allowance_eligible": True} for code in ("KG07", "KG08")))
    world.put(
        "dim_subsidy_rule",
        {
            "rule_id": "RULE",
            "scheme": "living_allowance",
            "region_code": "000000",
            "measure": "per_study_day",
            "amount_cny": AMOUNT,
            "max_days": max_days,
            "min_study_hours_per_day": least_slots * SLOT / 60,
            "eligible_group_codes": "KG06A;KG07",
            "fund": "employment_fund",
        },
    )
    world.put(
        "fct_registration",
        *(
            {
                "registration_sk": registration,
                "platform_id": platform,
                "registration_id": f"R{registration}",
                "person_sk": person,
                "region_code": "420102",
                "province_code": "420000",
                "registered_at": registered_at,
                "is_counted": True,
            }
            for registration, (person, platform, registered_at) in REGISTRATIONS.items()
        ),
    )
    world.put(
        "fct_eligibility",
        *(
            {
                "person_sk": person,
                "group_code": group,
                "valid_from": FIRST_DAY + timedelta(days=began),
                "valid_to": FIRST_DAY + timedelta(days=ended),
            }
            for person, (group, began, ended) in rosters.items()
        ),
    )
    columns = ("registration_sk", "day", "started_at", "ended_at")
    world.put("fct_study_interval", *(dict(zip(columns, row, strict=True)) for row in studied))
    return world
