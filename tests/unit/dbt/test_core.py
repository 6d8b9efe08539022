"""Core on raw rows, end to end: what dbt's unit tests of single models can't show."""

from __future__ import annotations

import random
from collections import defaultdict
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from support.compiled_project import CompiledProject
from support.raw_world import RawWorld, person_key, registration_sk
from support.tables import tables_of

from orchestration.loading.raw_schema import raw_tables

CORE = "resource_type:seed staging intermediate core"
CUT = timedelta(hours=4)
# Learners of the random part; each has up to twelve records around one midnight, where all the cases meet.
LEARNERS = 60

pytestmark = pytest.mark.pipeline


def random_records(rng: random.Random) -> list[dict]:
    """Study records that overlap, touch, enclose each other, cross midnight and exceed the cut, more often than not."""
    records = []
    midnight = datetime.fromisoformat("2020-04-06")
    for learner in range(LEARNERS):
        for _ in range(rng.randint(1, 12)):
            started_at = midnight + timedelta(seconds=rng.randint(-6 * 3600, 6 * 3600))
            length = rng.choice([0, 1, rng.randint(1, 900), rng.randint(1, 7200), rng.randint(4 * 3600 - 1, 9 * 3600)])
            records.append(
                {
                    "record_id": f"L{len(records)}",
                    "registration_id": f"N{learner}",
                    "kind": "study",
                    "started_at": started_at.isoformat(sep=" "),
                    "ended_at": (started_at + timedelta(seconds=length)).isoformat(sep=" "),
                    "status": rng.choice(["active", None, None, "voided"]),
                }
            )
    return records


def seconds_one_by_one(records: list[dict]) -> dict[tuple[int, str], int]:
    """The same by brute force: every second studied, once, on its day."""
    studied = defaultdict(set)
    for record in records:
        if record["status"] == "voided":
            continue
        started_at, ended_at = (datetime.fromisoformat(record[name]) for name in ("started_at", "ended_at"))
        second = started_at
        while second < min(ended_at, started_at + CUT):
            studied[registration_sk("P1", record["registration_id"]), second.date().isoformat()].add(second)
            second += timedelta(seconds=1)
    return {key: len(seconds) for key, seconds in studied.items()}


@pytest.fixture(scope="module")
def records() -> list[dict]:
    return random_records(random.Random(20200323))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, records: list[dict]) -> RawWorld:
    world = RawWorld(tmp_path_factory.mktemp("core") / "warehouse", now="2020-05-06T12:00:00+08:00")
    world.platform("P1", snapshots=("courses",))
    world.platform("P2")
    world.bureau("420000", snapshots=("eligibility_rosters",))
    world.add("courses", "P1", {"course_id": "C1"}, {"course_id": "C2"}, {"course_id": "C3"})
    world.add("registrations", "P1", registration_id="R1")
    world.add(
        "registrations",
        "P1",
        {"registration_id": "R2", "course_id": "C2", "person": "乙", "updated_at": "2020-03-24 08:00:00"},
        {"registration_id": "R2", "course_id": "C3", "person": "乙", "updated_at": "2020-03-24 08:00:00"},
    )
    # Another platform's record of the same number is another record.
    world.add("registrations", "P2", registration_id="R1", person="丙", status="cancelled")
    # The roster of 2020-04-06 no longer holds 甲's row, and 丁's only in one that was refused; the courses of that day
    # no longer hold C1.
    world.add(
        "eligibility_rosters",
        "420000",
        {"person": "甲", "_received_at": "2020-03-23 09:00:00"},
        {"person": "乙", "group_code": "KG06A"},
        {"person": "丁", "group_code": "KG09"},
    )
    world.add("eligibility_rosters", "420000", person="乙", group_code="KG06A", _received_at="2020-04-06 10:00:00")
    world.add("courses", "P1", {"course_id": "C2", "_received_at": "2020-04-06 10:00:00"}, {"course_id": "C3"})
    world.add("learning_records", "P1", *records)
    world.insert(
        "quarantine",
        {"batch_id": "P1-registrations-000002", "sender_id": "P1", "feed": "registrations", "position": 3}
        | {"period_start": "2020-03-23", "field": "id_number", "reason": "identity_invalid"},
        {"batch_id": "420000-eligibility_rosters-000002", "sender_id": "420000", "feed": "eligibility_rosters"}
        | {"position": 2, "period_start": "2020-03-23", "field": "valid_to", "reason": "bad_type"}
        | {"record_key": f"{person_key('丁')}\x1fKG09\x1f2020-01-01"},
    )
    world.build(CORE)
    return world


def test_one_row_a_registration_with_its_newest_state(world: RawWorld):
    assert world.rows(
        "select platform_id, registration_id, course_id, is_counted from core.fct_registration order by all"
    ) == [("P1", "R1", "C1", True), ("P1", "R2", "C3", True), ("P2", "R1", "C1", False)]


def test_a_course_that_the_newest_snapshot_lacks_is_open_until_the_day_before(world: RawWorld):
    assert world.rows("select course_id, open_to::varchar from core.dim_course order by all") == [
        ("C1", "2020-04-05"),
        ("C2", None),
        ("C3", None),
    ]


def test_a_roster_row_that_the_newest_snapshot_lacks_holds_until_that_day(world: RawWorld):
    assert world.rows("select group_code, valid_to::varchar from core.fct_eligibility order by all") == [
        ("KG06A", None),
        ("KG07", "2020-04-06"),
        ("KG09", None),
    ]
    assert world.rows(
        "select r.registration_id, g.group_code from core.fct_registration_group as g "
        "inner join core.fct_registration as r using (registration_sk) where g.is_confirmed order by all"
    ) == [
        ("R1", "KG07"),
        ("R1", "any_key_group"),
        ("R2", "KG06"),
        ("R2", "KG06A"),
        ("R2", "any_key_group"),
    ]


def test_study_equals_the_count_of_single_seconds(world: RawWorld, records: list[dict]):
    found = world.rows(
        "select registration_sk, day::varchar, study_seconds::double from core.fct_learning_day where study_seconds > 0"
    )
    assert {(registration, day): seconds for registration, day, seconds in found} == seconds_one_by_one(records)


def test_deliveries_and_refusals_stand_beside(world: RawWorld):
    assert world.rows(
        "select feed, sum(rows_count) from core.fct_delivery where sender_id = 'P1' and feed <> 'learning_records' "
        "group by all order by all"
    ) == [("courses", 5), ("registrations", 3)]
    assert world.rows("select sender_id, position, reason from core.fct_quarantined_row order by all") == [
        ("420000", 2, "bad_type"),
        ("P1", 3, "identity_invalid"),
    ]


def test_every_row_of_every_feed_has_a_place(tmp_path: Path, compiled_project: CompiledProject):
    """A world where nothing was landed builds as well: every table is there, and empty."""
    world = RawWorld(tmp_path / "warehouse")
    world.run(compiled_project, *core_of(compiled_project))
    assert world.rows("select count(*) from core.fct_registration") == [(0,)]
    assert world.rows("select count(*) from core.dim_period") == [(21,)]


def test_statements_without_dbt_make_what_dbt_makes(world: RawWorld, tmp_path: Path, compiled_project: CompiledProject):
    """On the same raw rows, in the place of what stands: every seed, view and table of core."""
    again = RawWorld(tmp_path / "warehouse")
    with closing(duckdb.connect(str(again.settings.database_path))) as connection:
        connection.execute(f"attach '{world.settings.database_path}' as built (read_only)")
        for table in raw_tables():
            connection.execute(f"delete from raw.{table}; insert into raw.{table} by name from built.raw.{table}")
    again.run(compiled_project, *core_of(compiled_project))
    for schema in ("seeds", "staging", "intermediate", "core"):
        expected, found = (tables_of(each.settings.database_path, schema) for each in (world, again))
        assert expected and set(found) == set(expected), schema
        assert [name for name, rows in expected.items() if found[name] != rows] == [], schema


def core_of(project: CompiledProject) -> list[str]:
    return [model.name for model in project.models.values() if model.schema in ("staging", "intermediate", "core")]
