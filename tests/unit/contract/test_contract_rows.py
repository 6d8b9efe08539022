"""The contract: which rows are refused, with every reason, what stops a batch, and what a landed row looks like."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import duckdb
import pytest
from payload_fakes import (
    KEY,
    MAN,
    NOW,
    WOMAN,
    certificate,
    course,
    learning_record,
    payload,
    payment,
    penalty,
    project,
    registration,
    report,
    roster,
    terms,
)
from test_contract_identity import expected_key, with_check_digit

from orchestration.landing.columns import landed_columns
from orchestration.sources.checking import contract_sql
from orchestration.sources.checking.contract import ContractError, check, open_workspace
from orchestration.sources.checking.contract_sql import faults, trimmed_sql
from orchestration.sources.errors import PermanentSourceError
from orchestration.sources.feeds import FEEDS
from orchestration.sources.payload import Payload

FIRST_PERIOD = date(2020, 3, 23)
BUREAU_FEEDS = {"dispatch_reports", "eligibility_rosters", "institutions", "training_projects", "subsidy_payments"}


class Outcome:
    """What `check` made of a payload: `landed` and `refused` as Python values."""

    def __init__(self, given: Payload, now: datetime = NOW) -> None:
        with open_workspace("1GiB") as connection:
            self.batch = check(connection, given, terms(now))
            names = list(landed_columns(self.batch.feed))
            columns = ", ".join(f'"{name}"' for name in names)
            rows = connection.execute(f"SELECT {columns} FROM checked WHERE _faults = 0 ORDER BY _position").fetchall()
            self.landed = [dict(zip(names, row, strict=True)) for row in rows]
            masks = connection.execute(
                "SELECT _position, _faults FROM checked WHERE _faults <> 0 ORDER BY 1"
            ).fetchall()
        self.refused = {
            (position, fault.field, fault.reason.value)
            for position, mask in masks
            for bit, fault in enumerate(self.batch.faults)
            if mask >> bit & 1
        }


def outcome(feed: str, *rows: dict, **about) -> Outcome:
    if feed in BUREAU_FEEDS | {"penalties"}:
        about.setdefault("period_start", FIRST_PERIOD)
    return Outcome(payload(feed, rows, **about))


def reasons(feed: str, row: dict) -> set[tuple[str, str]]:
    return {(field, reason) for _, field, reason in outcome(feed, row).refused}


MAKERS = {
    "courses": course,
    "registrations": registration,
    "learning_records": learning_record,
    "certificates": certificate,
    "dispatch_reports": report,
    "eligibility_rosters": roster,
    "training_projects": project,
    "subsidy_payments": payment,
    "penalties": penalty,
}


@pytest.mark.parametrize("feed", MAKERS)
def test_a_clean_row_lands_with_the_listed_columns_and_types(feed):
    given = payload(feed, [MAKERS[feed]()], period_start=FIRST_PERIOD)
    with open_workspace("1GiB") as connection:
        batch = check(connection, given, terms())
        types = dict(
            connection.execute(
                "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'checked'"
            ).fetchall()
        )
    assert (batch.rows_count, batch.refused_rows_count) == (1, 0)
    assert {name: types[name] for name in landed_columns(FEEDS[feed])} == landed_columns(FEEDS[feed])


@pytest.mark.parametrize("feed", MAKERS)
def test_each_required_field_is_missed_by_name(feed):
    for name in FEEDS[feed].required_names:
        for nothing in (None, "", "  ", "\u3000"):
            assert (name, "missing_required") in reasons(feed, MAKERS[feed](**{name: nothing})), name


@pytest.mark.parametrize(
    ("feed", "changes", "field", "reason"),
    [
        ("courses", {"class_hours": "abc"}, "class_hours", "bad_type"),
        ("courses", {"class_hours": "NaN"}, "class_hours", "bad_type"),
        ("courses", {"class_hours": "inf"}, "class_hours", "bad_type"),
        ("courses", {"class_hours": "1,000"}, "class_hours", "bad_type"),
        ("courses", {"class_hours": "0"}, "class_hours", "out_of_range"),
        ("courses", {"class_hours": "-1"}, "class_hours", "out_of_range"),
        ("courses", {"grade": "0"}, "grade", "out_of_range"),
        ("courses", {"grade": "6"}, "grade", "out_of_range"),
        ("courses", {"grade": "4.5"}, "grade", "bad_type"),
        ("courses", {"grade": "99999999999999999999"}, "grade", "out_of_range"),
        ("courses", {"is_free": "yes"}, "is_free", "bad_type"),
        ("courses", {"is_free": "2"}, "is_free", "bad_type"),
        ("courses", {"free_until": "2020-02-30"}, "free_until", "bad_type"),
        ("courses", {"free_until": "2020/06/30"}, "free_until", "bad_type"),
        ("courses", {"free_until": "2020-06-30 12:00:00"}, "free_until", "bad_type"),
        ("courses", {"course_id": "4.20106E+17"}, "course_id", "bad_type"),
        ("courses", {"course_id": "1e+18 "}, "course_id", "bad_type"),
        ("courses", {"title": "#N/A"}, "title", "bad_type"),
        ("courses", {"course_id": '{"id":"C1","teacher":{"phone":"13800138000"}}'}, "course_id", "bad_type"),
        ("courses", {"course_id": '[{"id":"C1"}]'}, "course_id", "bad_type"),
        ("courses", {"course_id": '["C1"]'}, "course_id", "bad_type"),
        ("courses", {"title": '[["电工"]]'}, "title", "bad_type"),
        ("courses", {"title": "[]"}, "title", "bad_type"),
        ("courses", {"instructor_honour": "########"}, "instructor_honour", "bad_type"),
        ("courses", {"content_category": "other"}, "content_category", "unknown_enum"),
        ("courses", {"content_category": "1E+15"}, "content_category", "unknown_enum"),
        ("courses", {"region_zone": "湖北"}, "region_zone", "unknown_enum"),
        ("courses", {"published_at": "2020-03-20 25:00:00"}, "published_at", "bad_type"),
        ("courses", {"published_at": "infinity"}, "published_at", "bad_type"),
        ("courses", {"published_at": "epoch"}, "published_at", "bad_type"),
        ("courses", {"published_at": "20/03/2020"}, "published_at", "bad_type"),
        ("registrations", {"employer_uscc": "91420100MA4K12345"}, "employer_uscc", "uscc_invalid"),
        ("registrations", {"employer_uscc": "91420100MA4K1234-X"}, "employer_uscc", "uscc_invalid"),
        ("registrations", {"declared_groups": '["KG01","KG77"]'}, "declared_groups", "unknown_enum"),
        ("registrations", {"declared_groups": "KG01;kg02"}, "declared_groups", "unknown_enum"),
        ("registrations", {"declared_groups": '["KG01"'}, "declared_groups", "bad_type"),
        ("registrations", {"id_type": "身份证"}, "id_type", "unknown_enum"),
        ("registrations", {"id_number": WOMAN[:-1] + "9"}, "id_number", "identity_invalid"),
        ("registrations", {"id_number": "420106900101002"}, "id_number", "identity_invalid"),
        ("registrations", {"id_type": "passport", "id_number": "E1"}, "id_number", "identity_invalid"),
        ("learning_records", {"score": "100.5"}, "score", "out_of_range"),
        ("learning_records", {"score": "-0.5"}, "score", "out_of_range"),
        ("learning_records", {"status": "deleted"}, "status", "unknown_enum"),
        ("certificates", {"cost_cny": "10000000000.00"}, "cost_cny", "out_of_range"),
        ("certificates", {"cost_cny": "1e400"}, "cost_cny", "out_of_range"),
        ("certificates", {"cost_cny": "-0.01"}, "cost_cny", "out_of_range"),
        ("dispatch_reports", {"period_start": "2020-04-06"}, "period_start", "out_of_range"),
        ("dispatch_reports", {"indicator_code": "smiles"}, "indicator_code", "unknown_enum"),
        ("dispatch_reports", {"version": "-1"}, "version", "out_of_range"),
        ("eligibility_rosters", {"group_code": "KG77"}, "group_code", "unknown_enum"),
        ("eligibility_rosters", {"id_number": "0"}, "id_number", "identity_invalid"),
        ("training_projects", {"prepaid_share": "1.2"}, "prepaid_share", "out_of_range"),
        ("training_projects", {"affected_by_epidemic": "有"}, "affected_by_epidemic", "bad_type"),
        ("training_projects", {"enterprise_uscc": "x"}, "enterprise_uscc", "uscc_invalid"),
        ("subsidy_payments", {"id_number": None}, "id_number", "missing_required"),
        ("subsidy_payments", {"status": "paid"}, "paid_on", "missing_required"),
        ("subsidy_payments", {"id_type": None, "id_number": "E12345678"}, "id_number", "identity_invalid"),
        ("penalties", {"subject_id": "P001"}, "subject_id", "identity_invalid"),
        ("penalties", {"subject_kind": "institution"}, "subject_id", "identity_invalid"),
        ("penalties", {"subject_kind": "学员"}, "subject_kind", "unknown_enum"),
        ("penalties", {"subject_kind": None}, "subject_kind", "missing_required"),
        ("courses", {"published_at": "2020-03-20T08:00:00+24:00"}, "published_at", "bad_type"),
        ("courses", {"published_at": "0020-03-20T08:00:00+08:00"}, "published_at", "bad_type"),
        ("courses", {"published_at": "-020-03-20T08:00:00+08:00"}, "published_at", "bad_type"),
        ("courses", {"published_at": "2020-03-20T08:00:0 +08:00"}, "published_at", "bad_type"),
        ("courses", {"published_at": "2020-03-20T 8:00:00+08:00"}, "published_at", "bad_type"),
        ("courses", {"published_at": "2020-03-20T08:00:00+08:60"}, "published_at", "bad_type"),
    ],
)  # fmt: skip
def test_one_fault_gives_one_reason(feed, changes, field, reason):
    assert reasons(feed, MAKERS[feed](**changes)) == {(field, reason)}


@pytest.mark.parametrize(
    ("feed", "changes"),
    [
        ("courses", {"grade": None, "occupation_code": None, "free_until": ""}),
        ("courses", {"grade": "3.0", "class_hours": "0.5"}),
        ("courses", {"title": "{工种}[2020]", "occupation_code": "[1]"}),
        ("courses", {"title": "C# 入门", "instructor_honour": "#1", "occupation_code": "E+1"}),
        ("registrations", {"region_code": "999999", "declared_groups": None, "employer_uscc": None, "phone": None}),
        # Unknown is counted for 990000, never dropped, however it is written
        ("registrations", {"region_code": "武汉"}),
        ("registrations", {"region_code": "4201"}),
        ("registrations", {"id_type": "passport", "id_number": "e12345678"}),
        ("learning_records", {"score": "100"}),
        ("learning_records", {"score": "0", "face_check": None}),
        ("certificates", {"class_hours": "0", "cost_cny": "9999999999.99"}),
        ("dispatch_reports", {"this_period": None, "cumulative": "-3"}),
        ("subsidy_payments", {"payee_kind": "enterprise", "id_number": None, "id_type": None}),
        ("subsidy_payments", {"status": "paid", "paid_on": "2020-05-20"}),
        ("subsidy_payments", {"id_type": None}),
        ("penalties", {"subject_kind": "platform", "subject_id": "P001"}),
        ("penalties", {"subject_kind": "institution", "subject_id": "91420100MA4K12345X"}),
    ],
)
def test_what_the_contract_allows_lands(feed, changes):
    found = outcome(feed, MAKERS[feed](**changes))
    assert found.refused == set()
    assert found.batch.rows_count == 1


def test_every_reason_that_holds_is_listed():
    row = registration(
        registration_id=None, id_type=None, phone="x", region_code="", employer_uscc="1",
        declared_groups="KG77", status="gone", registered_at="yesterday", updated_at=None,
    )  # fmt: skip
    assert reasons("registrations", row) == {
        ("registration_id", "missing_required"),
        ("id_type", "missing_required"),
        ("region_code", "missing_required"),
        ("employer_uscc", "uscc_invalid"),
        ("declared_groups", "unknown_enum"),
        ("status", "unknown_enum"),
        ("registered_at", "bad_type"),
        ("updated_at", "missing_required"),
    }


def test_a_refused_row_does_not_take_the_others_with_it():
    rows = [registration(registration_id=f"R{n}") for n in range(5)]
    rows[2]["id_number"] = "1"
    found = outcome("registrations", *rows)
    assert [row["registration_id"] for row in found.landed] == ["R0", "R1", "R3", "R4"]
    assert [row["_position"] for row in found.landed] == [1, 2, 4, 5]
    assert found.refused == {(3, "id_number", "identity_invalid")}


@pytest.mark.parametrize(
    ("text", "wall"),
    [
        ("2020-03-25T08:30:00+08:00", "2020-03-25 08:30:00"),
        ("2020-03-25T00:30:00Z", "2020-03-25 08:30:00"),
        ("2020-03-25T00:30:00.250Z", "2020-03-25 08:30:00.250000"),
        ("2020-03-25T08:30:00,5+08:00", "2020-03-25 08:30:00.500000"),
        ("2020-03-25 00:30+00", "2020-03-25 08:30:00"),
        ("2020-03-24T19:30:00-05:00", "2020-03-25 08:30:00"),
        ("2020-03-25T08:30:00+0800", "2020-03-25 08:30:00"),
        ("2020-03-25T08:30:00", "2020-03-25 08:30:00"),
        ("2020-03-25 08:30:00", "2020-03-25 08:30:00"),
        (" 2020-03-25 08:30:00 ", "2020-03-25 08:30:00"),
        ("2020-03-25T08:30", "2020-03-25 08:30:00"),
        ("2020-03-25", "2020-03-25 00:00:00"),
        ("2020-03-31T16:30:00Z", "2020-04-01 00:30:00"),
    ],
)
def test_times_land_as_shanghai_wall_time(text, wall):
    assert outcome("registrations", registration(registered_at=text)).landed[0][
        "registered_at"
    ] == datetime.fromisoformat(wall)


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("TRUE", True), ("1", True), ("是", True), ("false", False), ("0", False), ("否", False)],
)  # fmt: skip
def test_booleans_in_every_writing(text, value):
    assert outcome("courses", course(is_free=text)).landed[0]["is_free"] is value


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ('["KG01","KG06A"]', ["KG01", "KG06A"]),
        ("KG01;KG06A", ["KG01", "KG06A"]),
        (" KG01 ; KG06A ;", ["KG01", "KG06A"]),
        ("KG01；KG06A", ["KG01", "KG06A"]),
        ("[]", None),
        ("", None),
        (None, None),
    ],
)
def test_lists_in_both_writings(text, groups):
    assert outcome("registrations", registration(declared_groups=text)).landed[0]["declared_groups"] == groups


def test_money_is_exact_and_rounds_half_up_to_the_fen():
    rows = [certificate(certificate_no=str(n), cost_cny=text) for n, text in enumerate(["0.1", "1.005", "1e3", "12"])]
    assert [row["cost_cny"] for row in outcome("certificates", *rows).landed] == [
        Decimal("0.10"), Decimal("1.01"), Decimal("1000.00"), Decimal("12.00"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "landed"),
    [
        (f"冒用{WOMAN}、420106900101002和１３８００１３８０００的身份", "冒用***、***和***的身份"),
        ("身份证11010519491231002X，电话13800138000。", "身份证***，电话***。"),
        ("2020-05-18至2020-06-01虚假学时1234567890", "2020-05-18至2020-06-01虚假学时1234567890"),
    ],
)
def test_words_for_a_reader_land_without_the_numbers_of_persons_in_them(reason, landed):
    rows = [penalty(reason=reason), penalty(penalty_id="N2")]
    assert [row["reason"] for row in outcome("penalties", *rows).landed] == [landed, "虚假学时"]


def test_a_registration_lands_without_what_identifies():
    (row,) = outcome("registrations", registration()).landed
    key = expected_key("resident_id", WOMAN)
    surrogate = int.from_bytes(hashlib.md5(b"P001\x1fR1").digest()[8:], "little") & (2**63 - 1)
    assert {"id_number", "learner_name", "phone"} & set(row) == set()
    assert row["person_key"] == key
    assert row["person_sk"] == int.from_bytes(key.bytes[:8], "big") & (2**63 - 1)
    assert (row["birth_year"], row["sex"]) == (1990, "female")
    assert (row["learner_name_masked"], row["phone_last4"]) == ("王*", "8000")
    assert row["registration_sk"] == surrogate
    assert row["employer_uscc"] == "91420100MA4K12345X"


def test_the_same_registration_is_the_same_surrogate_in_every_feed():
    found = {
        feed: outcome(feed, MAKERS[feed]()).landed[0]["registration_sk"]
        for feed in ("registrations", "learning_records", "certificates")
    }
    assert len(set(found.values())) == 1
    other = outcome("certificates", certificate(), sender_id="P002").landed[0]["registration_sk"]
    assert other not in found.values()


def test_an_address_lands_as_its_keyed_hash():
    rows = [
        learning_record(record_id="L1"),
        learning_record(record_id="L2"),
        learning_record(record_id="L3", client_ip=None),
    ]
    landed = outcome("learning_records", *rows).landed
    expected = UUID(bytes=hmac.new(KEY, b"client_ip:203.0.113.7", hashlib.sha256).digest()[:16])
    assert [row["client_ip_key"] for row in landed] == [expected, expected, None]
    assert "client_ip" not in landed[0]


def test_a_body_under_penalty_keeps_its_id_and_a_person_becomes_the_key():
    rows = [
        penalty(penalty_id="1"),
        penalty(penalty_id="2", subject_kind="platform", subject_id="P001"),
        penalty(penalty_id="3", id_type="passport", subject_id="e12345678"),
    ]
    landed = outcome("penalties", *rows).landed
    resident, passport = expected_key("resident_id", WOMAN), expected_key("passport", "E12345678")
    assert [row["subject_id"] for row in landed] == [str(resident), "P001", str(passport)]
    assert [row["person_key"] for row in landed] == [resident, None, passport]
    assert landed[1]["person_sk"] is None


def test_a_payment_without_an_id_type_counts_as_a_residents():
    assert outcome("subsidy_payments", payment(id_type=None)).landed[0]["person_key"] == expected_key(
        "resident_id", WOMAN
    )


class TestRepeatedKeys:
    def test_same_key_and_version_with_other_content_refuses_all_of_them(self):
        rows = [course(title="甲"), course(title="乙"), course(course_id="C2")]
        found = outcome("courses", *rows)
        assert found.refused == {(1, "course_id", "duplicate_key_in_batch"), (2, "course_id", "duplicate_key_in_batch")}
        assert [row["course_id"] for row in found.landed] == ["C2"]

    def test_equal_content_lands(self):
        assert outcome("courses", course(), course()).batch.rows_count == 2

    def test_equal_content_written_differently_lands(self):
        rows = [course(), course(class_hours="24.0", is_free="1", updated_at="2020-03-24T02:00:00Z")]
        assert outcome("courses", *rows).batch.rows_count == 2

    def test_another_version_is_a_correction(self):
        rows = [course(title="甲"), course(title="乙", updated_at="2020-03-24T10:00:01+08:00")]
        assert outcome("courses", *rows).batch.rows_count == 2

    def test_null_against_a_value_is_other_content(self):
        assert len(outcome("courses", course(grade=None), course()).refused) == 2

    def test_personal_fields_are_content_too(self):
        rows = [registration(learner_name="王小明"), registration(learner_name="王小红")]
        assert len(outcome("registrations", *rows).refused) == 2
        rows = [registration(phone="13800138000"), registration(phone="13900138000")]
        assert len(outcome("registrations", *rows).refused) == 2
        rows = [registration(), registration(id_number=MAN)]
        assert len(outcome("registrations", *rows).refused) == 2

    @pytest.mark.parametrize(
        ("feed", "field"),
        [("registrations", "id_number"), ("subsidy_payments", "id_number"), ("penalties", "subject_id")],
    )
    def test_the_same_number_written_differently_is_the_same_content(self, feed, field):
        rows = [MAKERS[feed](), MAKERS[feed](**{field: f"{WOMAN[:6]} {WOMAN[6:14]}\uff10\uff10{WOMAN[16:]}"})]
        assert rows[0][field] != rows[1][field]
        assert outcome(feed, *rows).batch.rows_count == 2
        rows = [MAKERS[feed](**{field: "0"}), MAKERS[feed](**{field: "1"})]
        refused = outcome(feed, *rows).refused
        assert {reason for _, _, reason in refused} == {"identity_invalid", "duplicate_key_in_batch"}

    def test_a_roster_key_is_the_person_however_the_number_is_written(self):
        rows = [roster(), roster(id_number=f"{WOMAN[:6]} {WOMAN[6:]}", region_code="420107")]
        found = outcome("eligibility_rosters", *rows)
        field = "id_number,group_code,valid_from"
        assert found.refused == {(n, field, "duplicate_key_in_batch") for n in (1, 2)}
        assert outcome("eligibility_rosters", roster(), roster(id_number=MAN)).batch.rows_count == 2

    def test_a_refused_row_still_conflicts(self):
        rows = [course(title="甲"), course(title="乙", grade="9")]
        assert outcome("courses", *rows).refused == {
            (1, "course_id", "duplicate_key_in_batch"),
            (2, "course_id", "duplicate_key_in_batch"),
            (2, "grade", "out_of_range"),
        }

    def test_reports_are_versioned_by_when_they_were_filed(self):
        rows = [report(), report(this_period="101", filed_at="2020-04-08T18:00:00+08:00")]
        assert outcome("dispatch_reports", *rows).batch.rows_count == 2
        assert len(outcome("dispatch_reports", report(), report(this_period="101")).refused) == 2


class TestWhatStopsABatch:
    def test_a_missing_required_column_lists_both_header_sets(self):
        row = registration()
        del row["region_code"]
        given = payload("registrations", [row | {"籍贯": "湖北"}], source_name="a/b.csv")
        with pytest.raises(ContractError) as raised:
            Outcome(given)
        text = str(raised.value)
        assert text.startswith("P001 registrations a/b.csv field region_code: missing required column region_code; ")
        assert "delivered columns: registration_id, course_id, learner_name" in text
        assert "籍贯" in text
        assert "region_code!" in text
        assert raised.value.field == "region_code"

    @pytest.mark.parametrize("absent", ["phone", "project_id", "employer_uscc", "declared_groups"])
    def test_an_optional_column_may_be_absent(self, absent):
        row = registration()
        del row[absent]
        assert outcome("registrations", row).batch.rows_count == 1

    def test_a_file_without_its_header_line_does_not_reach_the_message(self):
        first_row = registration()
        given = payload("registrations", [], header=[v for v in first_row.values() if v])
        with pytest.raises(ContractError) as raised:
            Outcome(given)
        for personal in (WOMAN, "王小明", "13800138000"):
            assert personal not in str(raised.value)
        assert "is the header line missing?" in str(raised.value)

    def test_a_header_cell_that_looks_like_a_value_is_not_quoted(self):
        row = registration()
        del row["status"]
        with pytest.raises(ContractError) as raised:
            Outcome(payload("registrations", [row | {WOMAN: "x"}]))
        assert WOMAN not in str(raised.value)

    def test_a_type_that_flipped_stops_the_batch(self):
        rows = [course(course_id=str(n), published_at="43910.5") for n in range(4)]
        with pytest.raises(ContractError) as raised:
            outcome("courses", *rows)
        assert "field published_at: the type has flipped: none of its 4 values is a timestamp" in str(raised.value)
        assert "43910" not in str(raised.value)

    @pytest.mark.parametrize(
        ("good", "bad", "empty"),
        [
            (0, 1, 0),  # a single row may just be wrong
            (1, 3, 0),  # one value can be read
            (0, 2, 3),  # fewer than half of the rows
        ],
    )
    def test_fewer_bad_values_are_bad_rows(self, good, bad, empty):
        texts = ["2020-06-30"] * good + ["30 June"] * bad + [None] * empty
        rows = [course(course_id=str(n), free_until=text) for n, text in enumerate(texts)]
        found = outcome("courses", *rows)
        assert {reason for _, _, reason in found.refused} == {"bad_type"}
        assert found.batch.refused_rows_count == bad

    def test_half_of_the_rows_is_enough(self):
        rows = [course(course_id=str(n), free_until=text) for n, text in enumerate(["x", "y", None, None])]
        with pytest.raises(ContractError):
            outcome("courses", *rows)

    def test_numbers_too_big_have_not_flipped(self):
        rows = [certificate(certificate_no=str(n), cost_cny="1e12") for n in range(3)]
        assert {reason for _, _, reason in outcome("certificates", *rows).refused} == {"out_of_range"}

    def test_what_duckdb_says_of_a_row_stays_inside(self, monkeypatch):
        monkeypatch.setattr(contract_sql, "derived_sql", lambda feed, sender_id: {"made": "t_title::BIGINT"})
        with pytest.raises(PermanentSourceError) as raised:
            outcome("courses", course(title=f"{WOMAN}x"))
        assert "P001 courses given.csv: can't be read as its format says (ConversionException)" in str(raised.value)
        assert WOMAN not in str(raised.value)
        assert raised.value.__context__ is None


def test_a_bodys_code_that_passes_for_a_number_of_the_first_century_is_its_code():
    code = with_check_digit("91420100750812345")
    assert (code[6:14], code[:2]) == ("00750812", "91")
    found = outcome("penalties", penalty(subject_kind="institution", subject_id=code))
    assert [row["subject_id"] for row in found.landed] == [code]


@pytest.mark.parametrize(
    ("feed", "field"),
    [
        ("registrations", "registration_id"),
        ("registrations", "employer_uscc"),
        ("registrations", "region_code"),
        ("subsidy_payments", "payee_uscc"),
        ("subsidy_payments", "certificate_no"),
        ("eligibility_rosters", "region_code"),
    ],
)
def test_a_persons_number_repeated_in_a_field_that_lands_as_it_is_is_refused(feed, field):
    assert reasons(feed, MAKERS[feed](**{field: f" {WOMAN} "})) == {(field, "identity_invalid")}
    assert (field, "identity_invalid") not in reasons(feed, MAKERS[feed](**{field: "无", "id_number": "无"}))
    assert outcome(feed, MAKERS[feed](**{field: "91420100MA4K99999X"})).batch.rows_count == 1


def test_a_row_that_could_not_be_read_has_one_reason():
    empty = dict.fromkeys(course())
    found = outcome("courses", course(), empty, malformed={2: "3 cells where 15 belong"})
    assert found.refused == {(2, "_row", "bad_type")}


def test_no_rows_are_a_batch_of_none():
    for header in ((), tuple(course())):
        found = outcome("courses", header=header)
        assert (found.batch.rows_count, found.batch.refused_rows_count, found.batch.periods) == (0, 0, {})


def test_columns_outside_the_contract_may_be_called_anything():
    """Also what the contract calls its own columns of values and pseudonyms."""
    own = ("w_score", "w_started_at", "p_client_ip_key", "p_person_key", "t_status", "v_score", "x_0", "checked_rows")
    record = learning_record(score="61", client_ip="10.0.0.1")
    plain, beside = (outcome("learning_records", row).landed for row in (record, record | dict.fromkeys(own, "别的")))
    assert plain and beside == plain


def test_a_column_outside_the_contract_is_kept_only_where_a_map_allows_it():
    row = course() | {"teacher": "13800138000", "studio": "二号"}
    assert outcome("courses", row).landed[0]["_extra"] is None
    assert outcome("courses", row, non_personal=("studio",)).landed[0]["_extra"] == '{"studio":"二号"}'


class TestPeriods:
    @pytest.mark.parametrize(
        ("updated_at", "start"),
        [
            ("2020-01-01T00:00:00+08:00", date(2020, 3, 23)),
            ("2020-04-05T23:59:59+08:00", date(2020, 3, 23)),
            ("2020-04-05T16:00:00Z", date(2020, 4, 6)),
            ("2020-06-29 00:00:00", date(2020, 6, 29)),
            ("2022-01-01 00:00:00", date(2020, 12, 28)),
        ],
    )
    def test_a_platforms_file_belongs_row_by_row(self, updated_at, start):
        assert outcome("courses", course(updated_at=updated_at)).landed[0]["_period_start"] == start

    def test_refused_rows_count_where_they_belong(self):
        rows = [
            course(course_id="1"),
            course(course_id="2", updated_at="2020-04-07 00:00:00", grade="9"),
            course(course_id="3", updated_at="soon"),
        ]
        assert outcome("courses", *rows).batch.periods == {
            date(2020, 3, 23): (1, 0),
            date(2020, 4, 6): (0, 1),
            date(2020, 6, 29): (0, 1),  # the clock's
        }

    def test_a_payload_with_a_period_keeps_it(self):
        found = outcome("courses", course(updated_at="2020-01-01 00:00:00"), period_start=date(2020, 4, 6))
        assert found.landed[0]["_period_start"] == date(2020, 4, 6)


TEXTS = (
    "甲", " 甲", "甲\u3000", "\u200b甲\u200b", "甲\u200b乙", "\ufeffA b\t", "A", "é ", "  ", "", "\u00a0\u3000", None,
    "A\u3000b",
)  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_both_ways_of_trimming_mean_the_same(text):
    with duckdb.connect(":memory:") as connection:
        few, many = (trimmed_sql("text", is_for_many=is_for_many) for is_for_many in (False, True))
        row = connection.execute(f"SELECT {few}, {many} FROM (SELECT $1::VARCHAR AS text)", [text]).fetchone()
    assert row[0] == row[1] == ((text or "").strip(" \t\u3000\u00a0\u200b\ufeff") or None)


def test_every_feeds_faults_fit_into_one_mask_and_name_its_fields():
    for feed in FEEDS.values():
        found = faults(feed, FIRST_PERIOD)
        assert len(found) <= 60
        assert {fault.field for fault in found} <= {field.name for field in feed.fields}
        assert all(re.fullmatch(r"[a-z_]+", fault.reason.value) for fault in found)
