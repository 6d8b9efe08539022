"""The truth against what was written: a plain recount, row by row, of what single senders deliver."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta

import orjson
import pytest

from orchestration.sandbox import dirt, make_world
from orchestration.settings import SHANGHAI
from orchestration.sources.feeds import FEEDS

NOW = datetime.fromisoformat("2020-07-10 09:00:00")
FIRST_DAY, LAST_DAY = date(2020, 3, 23), date(2020, 6, 30)
REASONS = {
    "missing_required", "bad_type", "out_of_range", "unknown_enum", "identity_invalid", "uscc_invalid",
    "duplicate_key_in_batch",
}  # fmt: skip


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is None else moment.astimezone(SHANGHAI).replace(tzinfo=None)


def _period(day: date) -> str:
    return (FIRST_DAY + (day - FIRST_DAY).days // 14 * timedelta(days=14)).isoformat()


def _newest(world, platform: str, feed: str, key: str) -> dict[str, dict]:
    """The newest clean state of every record that the platform had by the clock."""
    lines = (world.directory / "platforms" / platform / f"{feed}.ndjson").read_bytes().splitlines()
    states: dict[str, dict] = {}
    for row in map(orjson.loads, lines):
        is_dirty = str(row[key]).startswith("X") or row.get("status") == "deleted"
        if is_dirty or _moment(row["updated_at"]) >= NOW:
            continue
        if row[key] not in states or _moment(states[row[key]]["updated_at"]) <= _moment(row["updated_at"]):
            states[row[key]] = row
    return states


def _without_conflicts(world, platform: str) -> bool:
    """Whether no refused update of a real registration was sprinkled over this platform."""
    refused = [(r["feed"], r["reason"]) for r in world.table("quarantine") if r["sender_id"] == platform]
    return ("registrations", "duplicate_key_in_batch") not in refused


@pytest.fixture(scope="module")
def platforms(world) -> list[str]:
    chosen = [name for name in ("P001", "P004", "P008", "P012", "P013", "P017") if _without_conflicts(world, name)]
    assert len(chosen) >= 3
    return chosen


def test_a_platforms_registrations_and_learners_are_those_it_serves(world, platforms):
    rows = {(r["platform_id"], r["period_start"]): r for r in world.table("registration_progress")}
    for platform in platforms:
        registered: Counter[str] = Counter()
        learners = defaultdict(set)
        for state in _newest(world, platform, "registrations", "registration_id").values():
            day = _moment(state["registered_at"]).date()
            if (
                not FIRST_DAY <= day <= LAST_DAY
                or state["status"] != "active"
                or state["real_name_status"] != "verified"
            ):
                continue
            period = _period(day)
            registered[period] += 1
            number = state["id_number"].strip().upper().translate(str.maketrans("０１２３４５６７８９", "0123456789"))
            learners[period].add((state["id_type"], number))
        told = {p: (r["registrations"], r["learners"]) for (name, p), r in rows.items() if name == platform}
        assert {p: v for p, v in told.items() if v[0]} == {p: (n, len(learners[p])) for p, n in registered.items()}


def test_a_platforms_study_is_what_its_records_cover_second_by_second(world, platforms):
    platform = platforms[-1]
    counted = {
        key
        for key, state in _newest(world, platform, "registrations", "registration_id").items()
        if state["status"] == "active" and state["real_name_status"] == "verified"
        and FIRST_DAY <= _moment(state["registered_at"]).date() <= LAST_DAY
    }  # fmt: skip
    covered: defaultdict[str, set[tuple[str, datetime]]] = defaultdict(set)
    for state in _newest(world, platform, "learning_records", "record_id").values():
        if state["kind"] != "study" or state["status"] == "voided" or state["registration_id"] not in counted:
            continue
        if state["ended_at"] is None:
            continue
        start, end = _moment(state["started_at"]), _moment(state["ended_at"])
        for second in range(int((min(end, start + timedelta(hours=4)) - start).total_seconds())):
            moment = start + timedelta(seconds=second)
            if moment.date() >= FIRST_DAY:
                covered[_period(moment.date())].add((state["registration_id"], moment))
    rows = [r for r in world.table("registration_progress") if r["platform_id"] == platform]
    told = {r["period_start"]: r["study_hours"] for r in rows if float(r["study_hours"])}
    assert told == {key: f"{len(seconds) / 3600 + 1e-9:.4f}" for key, seconds in covered.items()}
    assert len(told) >= 6


def test_parts_and_totals_of_the_truth_agree(world):
    rows = world.table("registration_progress")
    for period in {row["period_start"] for row in rows}:
        of_period = [row for row in rows if row["period_start"] == period]
        nation = next(r for r in of_period if (r["province_code"], r["platform_id"]) == ("000000", "_all"))
        provinces = [r for r in of_period if r["province_code"] != "000000"]
        platforms = [r for r in of_period if r["platform_id"] != "_all"]
        for column in (
            "registrations",
            "cumulative_registrations",
            "completed_registrations",
            "cancelled_registrations",
        ):
            assert sum(r[column] for r in provinces) == sum(r[column] for r in platforms) == nation[column]
        # A person in two provinces is one in the nation.
        assert sum(r["cumulative_learners"] for r in provinces) >= nation["cumulative_learners"]
    last = max(row["period_start"] for row in rows)
    nation = next(
        r for r in rows if (r["period_start"], r["province_code"], r["platform_id"]) == (last, "000000", "_all")
    )
    assert nation["cumulative_registrations"] == world.truth["totals"]["counted_registrations"]
    assert nation["cumulative_learners"] == world.truth["totals"]["counted_learners"]


def test_targets_are_followed_to_the_clock(world):
    targets = {(r["period_start"], r["target_code"]): r for r in world.table("target_progress")}
    platforms = [targets[period, "platforms"]["actual_value"] for period in ("2020-03-23", "2020-04-20", "2020-06-29")]
    assert platforms[0] < 50 <= platforms[1]
    assert targets["2020-06-29", "platforms"]["reached_on"] == "2020-04-27"
    assert targets["2020-06-29", "occupations"]["actual_value"] >= 100
    assert targets["2020-06-29", "registrations"]["reached_on"] is None
    assert targets["2020-06-29", "registrations"]["actual_value"] == world.truth["totals"]["counted_registrations"]


def test_the_world_has_the_cases_that_the_rules_are_about(world):
    rows = {
        (r["period_start"], r["province_code"]): r
        for r in world.table("registration_progress")
        if r["platform_id"] == "_all"
    }
    assert any(province == "660000" for _, province in rows)
    assert any(province == "990000" for _, province in rows)
    regions = {r["region_set"] for r in world.table("key_region_support") if r["registrations"]}
    assert {"hubei", "sanqu_sanzhou", "supervised_county", "any_key_region"} <= regions
    totals = world.truth["totals"]
    assert (
        min(totals[name] for name in ("voided_learning_records", "orphaned_learning_records", "revoked_certificates"))
        > 0
    )
    nation = [r for (_, province), r in rows.items() if province == "000000"]
    assert all(r["cancelled_registrations"] and r["unverified_registrations"] for r in nation[:5])
    assert {r["status"] for r in world.table("dispatch_reports")} == {
        "agrees",
        "differs",
        "not_reported",
        "not_recorded",
    }


def test_every_reason_of_quarantine_occurs_in_a_messy_world(world):
    assert {row["reason"] for row in world.table("quarantine")} == REASONS
    refused = sum(row["quarantined_rows_count"] for row in world.table("deliveries"))
    reasons = sum(row["rows_count"] for row in world.table("quarantine"))
    assert refused < reasons, "some rows have two reasons"


def test_flaws_are_of_fields_that_the_contract_has():
    for flaw in dirt.FLAWS:
        names = {field.name for field in FEEDS[flaw.feed].fields}
        assert set(flaw.patch) | set(flaw.twin) <= names, flaw
        assert set(flaw.reasons) <= REASONS


def test_a_clean_world_refuses_nothing(tmp_path):
    make_world(tmp_path, registrations=100, messy=False, port=0)
    truth = orjson.loads((tmp_path / "truth.json").read_bytes())
    assert truth["tables"]["quarantine"]["rows"] == []
