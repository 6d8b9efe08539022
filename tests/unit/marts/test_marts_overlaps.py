"""Groups and key regions overlap: persons against plain sets, on random small worlds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marts_sql import BEGUN, FIRST_DAY, PROVINCES, Compiled, World, period_of

NATION = "000000"
GROUPS = ("KG03", "KG06", "any_key_group")
# Region code → the sets it belongs to, the union included
REGIONS = {
    "110101": (),
    "420102": ("hubei", "any_key_region"),
    "533324": ("sanqu_sanzhou", "supervised_county", "533324", "any_key_region"),
}
KINDS = {
    "hubei": "set",
    "sanqu_sanzhou": "set",
    "supervised_county": "set",
    "533324": "county",
    "any_key_region": "union",
}


@dataclass(frozen=True)
class Registration:
    person_sk: int
    province_code: str
    region_code: str
    day: date
    declared: frozenset[str]
    confirmed: frozenset[str]
    completed_on: date | None

    def groups(self, kind: str) -> set[str]:
        """Groups declared or confirmed; any_key_group with the first of them."""
        given_groups = {"declared": self.declared, "confirmed": self.confirmed}[kind]
        return set(given_groups) | ({"any_key_group"} if given_groups else set())

    @property
    def all_groups(self) -> set[str]:
        return self.groups("declared") | self.groups("confirmed")


_days = st.integers(0, 9).map(lambda number: FIRST_DAY + timedelta(days=number))
_some_groups = st.frozensets(st.sampled_from(GROUPS[:-1]))
_registrations = st.lists(
    st.builds(
        Registration,
        person_sk=st.integers(1, 4),
        province_code=st.sampled_from(PROVINCES),
        region_code=st.sampled_from(sorted(REGIONS)),
        day=_days,
        declared=_some_groups,
        confirmed=_some_groups,
        completed_on=st.none() | _days,
    ),
    max_size=12,
)
_settings = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_settings
@given(registrations=_registrations)
def test_a_person_of_any_number_of_groups_and_provinces_is_one_in_every_row(
    compiled: Compiled, registrations: list[Registration]
) -> None:
    found = _world(compiled, registrations).rows(
        "key_group_participation",
        *("period_start", "province_code", "group_code", "declared_registrations", "confirmed_registrations"),
        *("declared_persons", "confirmed_persons", "completed_persons"),
    )
    expected = []
    for start, province, group in product(BEGUN, (NATION, *PROVINCES), GROUPS):
        here = [one for one in registrations if province in (NATION, one.province_code)]
        declared = [one for one in here if group in one.groups("declared") and period_of(one.day) == start]
        confirmed = [one for one in here if group in one.groups("confirmed") and period_of(one.day) == start]
        completed = {
            one.person_sk
            for one in here
            if group in one.all_groups and one.completed_on and period_of(one.completed_on) == start
        }
        counts = (len(declared), len(confirmed), _persons(declared), _persons(confirmed), len(completed))
        if any(counts):
            expected.append((start, province, group, *counts))
    assert found == sorted(expected)


@_settings
@given(registrations=_registrations)
def test_a_person_of_any_number_of_key_regions_is_one_in_every_row(
    compiled: Compiled, registrations: list[Registration]
) -> None:
    found = _world(compiled, registrations).rows(
        "key_region_support",
        *("period_start", "region_set", "registrations", "learners", "key_group_persons", "completed_persons"),
    )
    expected = []
    for start, region_set in product(BEGUN, KINDS):
        here = [one for one in registrations if region_set in REGIONS[one.region_code]]
        made = [one for one in here if period_of(one.day) == start]
        completed = {one.person_sk for one in here if one.completed_on and period_of(one.completed_on) == start}
        in_groups = [one for one in made if one.all_groups]
        expected.append((start, region_set, len(made), _persons(made), _persons(in_groups), len(completed)))
    assert found == sorted(expected)


def _world(compiled: Compiled, registrations: list[Registration]) -> World:
    world = World(compiled)
    world.put("dim_region_set", *({"region_set": name, "kind": kind} for name, kind in KINDS.items()))
    members = ({"region_code": code, "region_set": name} for code, names in REGIONS.items() for name in names)
    world.put("bridge_region_set", *members)
    world.put(
        "fct_registration",
        *(
            {
                **{"registration_sk": number, "person_sk": one.person_sk, "province_code": one.province_code},
                **{"region_code": one.region_code, "period_start": period_of(one.day), "is_counted": True},
                "registered_at": datetime.combine(one.day, time(8)),
                "completed_at": one.completed_on and datetime.combine(one.completed_on, time(9)),
                "completed_period_start": one.completed_on and period_of(one.completed_on),
            }
            for number, one in enumerate(registrations)
        ),
    )
    world.put(
        "fct_registration_group",
        *(
            {
                "registration_sk": number,
                "group_code": group,
                "is_declared": group in one.groups("declared"),
                "is_confirmed": group in one.groups("confirmed"),
            }
            for number, one in enumerate(registrations)
            for group in sorted(one.all_groups)
        ),
    )
    return world


def _persons(registrations: list[Registration]) -> int:
    return len({one.person_sk for one in registrations})
