"""Each cause of a difference in a province of its own: the bridge names it, and nothing else."""

from __future__ import annotations

import pytest
from support.compiled_project import CompiledProject
from support.raw_world import RawWorld

IN_TIME = "2020-04-01 09:00:00"
FILED = "2020-04-08 10:00:00"
AFTERWARDS = "2020-04-20 09:00:00"
CLASSES = ("late_arrival", "correction", "cancellation", "verification", "recoding", "roster", "rule")

# province, cause, what the bureau filed as 人次 of the first period
CAUSES = [
    ("110000", "late_arrival", 0, 1),
    ("120000", "correction", 1, -1),
    ("130000", "cancellation", 1, -1),
    ("140000", "verification", 0, 1),
    ("310000", "recoding", 1, -1),
    ("370000", "rule", 0, 1),
    # its platform left the registry
    ("430000", "rule", 1, -1),
    # a snapshot lacked it when the report was filed; a later one holds it again
    ("350000", "cancellation", 0, 1),
]
# province, cause, what the bureau filed, what it lacks: the same changes, received in the second of the filing
JUST_KNOWN = [
    ("150000", "late_arrival", 0, 1),
    ("210000", "correction", 1, -1),
    ("220000", "cancellation", 1, -1),
    ("230000", "verification", 0, 1),
    ("340000", "recoding", 1, -1),
    ("360000", "rule", 0, 1),
]
# province, excluded class; each bureau counted one registration that the rules leave out
EXCLUDED = [
    ("420000", "unverified"),
    ("510000", "cancelled"),
    ("500000", "unselected_platform"),
    ("440000", "other_province"),
]
# Bureaus that filed on a group, with a roster of their own
ON_GROUPS = ("330000", "530000")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, compiled_project: CompiledProject) -> RawWorld:
    world = RawWorld(tmp_path_factory.mktemp("bridge"))
    world.platform("P1")
    world.platform("P2", selected_from="2020-06-01")
    world.platform("P3")
    world.platform("P4", selected_by="440000")
    world.platform("P7")
    _registry_of_later(world)
    for sender_id in ("P1", "P2", "P3", "P4", "P7"):
        world.add("courses", sender_id, _received_at=IN_TIME)
    for province, _, reported, _ in (*CAUSES, *JUST_KNOWN):
        _file(world, province, "registrations", reported)
    for province, _ in EXCLUDED:
        _file(world, province, "registrations", 1)
    for province in ON_GROUPS:
        _file(world, province, "registrations_KG07", 0)

    _change_of_each_class(world, "", AFTERWARDS, ("110101", "120101", "130102", "140105", "310101", "330102"))
    _register(world, "rule", "370102", platform="P3")
    _register(world, "orphaned", "430102", platform="P5")
    _forget_and_remember(world, "forgotten", "350102")
    _certificate_of_an_earlier_day(world)
    _payment_refused_after_all(world)
    _change_of_each_class(world, "just known ", FILED, ("150102", "210102", "220102", "230102", "340102", "530102"))
    _register(world, "just known rule", "360102", platform="P7")

    _register(world, "unverified", "420102", real_name_status="pending")
    _register(world, "void", "510104", status="cancelled")
    _register(world, "unselected", "500101", platform="P2")
    _register(world, "elsewhere", "450102", platform="P4")
    world.run(compiled_project, "reconciliation_bridge", "restatement")
    return world


def _change_of_each_class(world: RawWorld, prefix: str, received_at: str, places: tuple[str, ...]) -> None:
    """All but the registry's: each in a county of its own."""
    late, corrected, cancelled, verified, recoded, listed = places
    _register(world, f"{prefix}late", late, received_at=received_at)
    _register(world, f"{prefix}corrected", corrected)
    _register(world, f"{prefix}corrected", corrected, received_at=received_at, registered_at="2020-04-07 08:00:00")
    _register(world, f"{prefix}cancelled", cancelled)
    _register(world, f"{prefix}cancelled", cancelled, received_at=received_at, status="cancelled")
    _register(world, f"{prefix}verified", verified, real_name_status="pending")
    _register(world, f"{prefix}verified", verified, received_at=received_at)
    _register(world, f"{prefix}recoded", recoded)
    _register(world, f"{prefix}recoded", "320102", received_at=received_at)
    _register(world, f"{prefix}listed", listed)
    bureau = f"{listed[:2]}0000"
    world.bureau(bureau)
    world.add("eligibility_rosters", bureau, person=f"{prefix}listed", _received_at=received_at)


def _certificate_of_an_earlier_day(world: RawWorld) -> None:
    """Issued in the first period, by its own word; its registration bears a day of the second."""
    _file(world, "620000", "certificates", 0)
    _register(world, "certified", "620102", received_at=AFTERWARDS, registered_at="2020-04-08 08:00:00")
    world.add(
        "certificates", "P1", registration_id="certified", issued_at="2020-04-01 12:00:00", _received_at=AFTERWARDS
    )


def _payment_refused_after_all(world: RawWorld) -> None:
    """Paid, then refused: the day of payment goes with the refusal, and the amount was mended by then."""
    _file(world, "640000", "training_subsidy_amount_cny", 100)
    claim = {"person": "refused", "region_code": "640105", "claimed_on": "2020-03-25"}
    for received_at, state in (
        (IN_TIME, {"status": "paid", "amount": 100, "decided_on": "2020-03-26", "paid_on": "2020-03-27"}),
        (AFTERWARDS, {"status": "rejected", "amount": 90, "decided_on": "2020-04-19"}),
    ):
        world.add("subsidy_payments", "640000", **claim, **state, updated_at=received_at, _received_at=received_at)


def _forget_and_remember(world: RawWorld, name: str, region_code: str) -> None:
    world.platform("P6", snapshots=("registrations",))
    registration = {"registration_id": name, "person": name, "region_code": region_code, "updated_at": IN_TIME}
    # Another one, of Hainan, keeps the snapshot in between from being empty.
    other = {"registration_id": "other", "person": "other", "region_code": "460105", "updated_at": IN_TIME}
    for received_at, rows in (
        (IN_TIME, [registration, other]),
        ("2020-04-03 09:00:00", [other]),
        (AFTERWARDS, [registration, other]),
    ):
        world.add("registrations", "P6", *({**row, "_received_at": received_at} for row in rows))


def _registry_of_later(world: RawWorld) -> None:
    beginning = "1900-01-01 00:00:00"
    same = [
        {"sender_id": "P1", "selected_from": "2020-03-23", "selected_by": "ministry", "known_from": beginning},
        {"sender_id": "P2", "selected_from": "2020-06-01", "selected_by": "ministry", "known_from": beginning},
        {"sender_id": "P4", "selected_from": "2020-03-23", "selected_by": "440000", "known_from": beginning},
    ]
    changed = [
        {"sender_id": "P3", "selected_from": "2020-06-01", "known_from": beginning, "known_to": AFTERWARDS},
        {"sender_id": "P3", "selected_from": "2020-03-23", "known_from": AFTERWARDS},
        {"sender_id": "P5", "selected_from": "2020-03-23", "known_from": beginning, "known_to": AFTERWARDS},
        {"sender_id": "P7", "selected_from": "2020-06-01", "known_from": beginning, "known_to": FILED},
        {"sender_id": "P7", "selected_from": "2020-03-23", "known_from": FILED},
    ]
    rows = [{"sender_kind": "platform", **row} for row in (*same, *changed)]
    world.insert("config_sender_versions", *rows)


def _file(world: RawWorld, province: str, indicator: str, value: int) -> None:
    if province not in ON_GROUPS:
        world.bureau(province)
    world.add(
        "dispatch_reports",
        province,
        region_code=province,
        indicator_code=indicator,
        this_period=value,
        cumulative=value,
        filed_at=FILED,
        _received_at=FILED,
    )


def _register(
    world: RawWorld, name: str, region_code: str, platform: str = "P1", received_at: str = IN_TIME, **fields: str
) -> None:
    world.add(
        "registrations",
        platform,
        registration_id=name,
        person=name,
        region_code=region_code,
        _received_at=received_at,
        updated_at=received_at,
        **fields,
    )


def _bridge(world: RawWorld, province: str, indicator: str = "registrations") -> dict[str, int]:
    rows = world.rows(
        f"""select step, value from marts.reconciliation_bridge
        where province_code = '{province}' and indicator_code = '{indicator}' and measure = 'this_period'
        and period_start = date '2020-03-23' order by step_number"""
    )
    return {step: int(value) for step, value in rows}


def _only(reported: int, **others: int) -> dict[str, int]:
    values = {"reported": reported, "unexplained": 0} | dict.fromkeys(CLASSES, 0) | others
    return values | {"recorded": sum(values.values())}


@pytest.mark.parametrize(("province", "cause", "reported", "change"), CAUSES)
def test_each_cause_is_named_and_nothing_else(world, province, cause, reported, change):
    assert _bridge(world, province) == _only(reported, **{cause: change})


def test_a_certificate_that_came_later_counts_on_its_own_day(world):
    assert _bridge(world, "620000", "certificates") == _only(0, late_arrival=1)


def test_a_payment_that_was_refused_after_all_is_cancelled(world):
    assert _bridge(world, "640000", "training_subsidy_amount_cny") == _only(100, correction=-10, cancellation=-90)


def test_a_roster_that_came_later_adds_to_its_group(world):
    assert _bridge(world, "330000", "registrations_KG07") == _only(0, roster=1)


@pytest.mark.parametrize(("province", "cause", "reported", "change"), JUST_KNOWN)
def test_what_came_in_the_second_of_the_filing_was_known_to_it(world, province, cause, reported, change):
    assert _bridge(world, province) == _only(reported, unexplained=change), cause


def test_a_roster_that_came_in_the_second_of_the_filing_was_known_to_it(world):
    assert _bridge(world, "530000", "registrations_KG07") == _only(0, unexplained=1)


@pytest.mark.parametrize(("province", "cause"), EXCLUDED)
def test_what_the_bureau_counted_and_the_rules_leave_out_is_the_likely_cause(world, province, cause):
    assert _bridge(world, province) == _only(1, unexplained=-1)
    assert world.rows(
        f"""select distinct likely_cause from marts.reconciliation_bridge
        where province_code = '{province}' and likely_cause is not null and step = 'unexplained'"""
    ) == [(cause,)]


def test_what_is_explained_has_no_likely_cause(world):
    explained = ", ".join(f"'{province}'" for province, *_ in CAUSES)
    query = f"""select count(*) from marts.reconciliation_bridge
        where province_code in ({explained}) and likely_cause is not null"""
    assert world.rows(query) == [(0,)]


def test_the_next_due_time_restates_what_changed_between(world):
    parts = ", ".join(f"sum({name}_delta)" for name in CLASSES)
    rows = world.rows(
        f"""select min(value_before), max(value), {parts} from marts.restatement
        where period_start = date '2020-03-23' and indicator_code = 'registrations' and province_code = '000000'
        and measure = 'this_period' and dispatch_at = timestamp '2020-04-22 18:00:00'"""
    )
    # before: corrected, cancelled, recoded, orphaned, other, listed, elsewhere, and of those just known: late,
    # verified, recoded, listed, rule; recoding moves within the nation
    # what was forgotten and what was cancelled, what the registry let in and what it let go, make up for each other
    assert [tuple(map(int, row)) for row in rows] == [(12, 13, 1, -1, 0, 1, 0, 0, 0)]
