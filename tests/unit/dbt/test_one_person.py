"""One person of two provinces, two key regions that overlap, and three groups: one in every total of persons."""

from __future__ import annotations

from datetime import date

import pytest
from support.compiled_project import CompiledProject
from support.raw_world import RawWorld

pytestmark = pytest.mark.pipeline

FIRST = date(2020, 3, 23)
MARTS = ("registration_progress", "registration_daily", "occupation_coverage", "key_group_participation")
MARTS += ("key_region_support", "dispatch_table", "subsidy_progress")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, compiled_project: CompiledProject) -> RawWorld:
    world = RawWorld(tmp_path_factory.mktemp("one_person"))
    for platform in ("P1", "P2"):
        world.platform(platform)
        world.add("courses", platform)
    world.bureau("420000")
    world.bureau("530000")
    # 533323 is in 三区三州 and a county under supervision; the same day, so that a day's total holds both
    world.add("registrations", "P1", registration_id="R1", region_code="420102", declared_groups=["KG03", "KG05"])
    world.add("registrations", "P2", registration_id="R2", region_code="533323", declared_groups=["KG03"])
    world.add("eligibility_rosters", "420000", group_code="KG07")
    for platform, registration in (("P1", "R1"), ("P2", "R2")):
        common = {"registration_id": registration, "started_at": "2020-03-25 08:00:00"}
        world.add("learning_records", platform, record_id="L1", ended_at="2020-03-25 09:00:00", **common)
        world.add("learning_records", platform, record_id="L2", kind="sign_in", **common)
        world.add("learning_records", platform, record_id="L3", kind="test", score=80, **common)
        world.add("certificates", platform, certificate_no=f"Z{platform}", registration_id=registration)
    for bureau, platform, region in (("420000", "P1", "420102"), ("530000", "P2", "533323")):
        money = {"status": "paid", "decided_on": "2020-04-11", "paid_on": "2020-04-12", "person": "甲"}
        world.add("subsidy_payments", bureau, certificate_no=f"Z{platform}", region_code=region, **money)
    world.run(compiled_project, *MARTS)
    return world


@pytest.mark.parametrize(
    ("mart", "total", "registrations", "persons"),
    [
        ("registration_progress", "province_code = '000000' and platform_id = '_all'", "registrations", "learners"),
        ("registration_progress", "province_code = '000000' and platform_id = '_all'", "2", "new_learners"),
        ("registration_progress", "province_code = '000000' and platform_id = '_all'", "2", "cumulative_learners"),
        ("registration_daily", "province_code = '000000' and platform_id = '_all'", "registrations", "learners"),
        ("occupation_coverage", "is_taken_up", "registrations", "learners"),
        *(
            ("key_group_participation", f"province_code = '000000' and group_code = '{group}'", many, persons)
            for group, many, persons in (
                ("any_key_group", "declared_registrations", "declared_persons"),
                ("any_key_group", "confirmed_registrations", "confirmed_persons"),
                ("any_key_group", "2", "completed_persons"),
                ("KG03", "declared_registrations", "declared_persons"),
            )
        ),
        *(
            ("key_region_support", "region_set = 'any_key_region'", "registrations", persons)
            for persons in ("learners", "key_group_persons", "completed_persons")
        ),
        ("dispatch_table", "province_code = '000000' and indicator_code = 'learners'", "2", "this_period"),
        ("subsidy_progress", "province_code = '000000' and paid_count > 0", "paid_count", "paid_persons"),
    ],
)
def test_two_registrations_of_one_person_are_one_person(world, mart, total, registrations, persons) -> None:
    rows = world.rows(f"select {registrations}, {persons} from marts.{mart} where {total} and {persons} > 0")
    assert rows
    # Later periods hold cumulative numbers alone
    assert {tuple(map(int, row)) for row in rows} == {(2, 1)}


def test_the_same_person_is_one_in_each_part_too(world) -> None:
    """And so the parts add up to more than the total."""
    parts = world.rows(
        "select learners from marts.key_region_support "
        f"where period_start = '{FIRST}' and region_set in ('hubei', 'sanqu_sanzhou', 'supervised_county', '533323')"
    )
    assert parts == [(1,)] * 4
    parts = world.rows(
        "select province_code, learners from marts.registration_progress "
        f"where period_start = '{FIRST}' and platform_id = '_all' and province_code <> '000000' order by 1"
    )
    assert parts == [("420000", 1), ("530000", 1)]
    groups = world.rows(
        "select group_code, greatest(declared_persons, confirmed_persons) from marts.key_group_participation "
        f"where period_start = '{FIRST}' and province_code = '420000' order by 1"
    )
    assert groups == [("KG03", 1), ("KG05", 1), ("KG07", 1), ("any_key_group", 1)]
