"""Payloads made by hand, for tests of the contract and of landing: rows of text as any connector hands them over."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime

import pyarrow as pa

from orchestration.calendar import periods
from orchestration.campaign import load_campaign
from orchestration.settings import PROJECT_ROOT
from orchestration.sources.checking.contract import Terms
from orchestration.sources.feeds import FEEDS, SenderKind
from orchestration.sources.payload import MALFORMED, POSITION, Payload, UnknownColumn
from orchestration.sources.persons.pseudonyms import Pseudonymiser

KEY = bytes(range(32))
NOW = datetime.fromisoformat("2020-07-10T09:00:00+08:00")
PERIODS = tuple(periods(load_campaign(PROJECT_ROOT / "campaign.yml")))

# Check digits by GB 11643, worked out by hand; both persons are made up.
WOMAN, MAN = "420106199001010028", "110101198503071235"


def terms(now: datetime = NOW, key: bytes = KEY) -> Terms:
    return Terms(now, PERIODS, Pseudonymiser.of(key))


def payload(
    feed: str,
    rows: Sequence[Mapping[str, str | None]],
    *,
    sender_id: str | None = None,
    period_start: date | None = None,
    header: Sequence[str] | None = None,
    source_name: str = "given.csv",
    sha256: str | None = None,
    non_personal: tuple[str, ...] = (),
    unknown_columns: tuple[UnknownColumn, ...] = (),
    malformed: Mapping[int, str] | None = None,
    is_whole: bool = True,
    began_at: datetime = NOW,
) -> Payload:
    """A payload whose columns are those of the first row, or `header`. `malformed`: position -> reason."""
    names = tuple(header if header is not None else (rows[0] if rows else ()))
    malformed = malformed or {}
    columns = {
        POSITION: pa.array(range(1, len(rows) + 1), pa.int64()),
        MALFORMED: pa.array([malformed.get(number) for number in range(1, len(rows) + 1)], pa.string()),
    }
    table = pa.table(columns | {name: pa.array([row.get(name) for row in rows], pa.string()) for name in names})
    content = json.dumps([feed, list(map(dict, rows))]).encode()

    is_platform = FEEDS[feed].sender_kind is SenderKind.PLATFORM
    return Payload(
        sender_id=sender_id or ("P001" if is_platform else "420000"),
        feed=feed,
        period_start=period_start,
        source_name=source_name,
        payload_sha256=sha256 or hashlib.sha256(content).hexdigest(),
        bytes_count=len(content),
        window_from=None,
        window_to=None,
        began_at=began_at,
        is_whole=is_whole,
        header=names,
        delivered_header=names,
        non_personal=non_personal,
        unknown_columns=unknown_columns,
        table=table,
    )


def course(**changes: str | None) -> dict[str, str | None]:
    return {
        "course_id": "C1",
        "title": "电工基础",
        "occupation_code": "6-31-01-03",
        "content_category": "urgent_shortage",
        "class_hours": "24",
        "grade": "5",
        "delivery_mode": "recorded",
        "is_free": "true",
        "region_zone": None,
        "free_until": None,
        "instructor_honour": None,
        "review_status": "approved",
        "published_at": "2020-03-20T08:00:00+08:00",
        "withdrawn_at": None,
        "updated_at": "2020-03-24T10:00:00+08:00",
    } | changes


def registration(**changes: str | None) -> dict[str, str | None]:
    return {
        "registration_id": "R1",
        "course_id": "C1",
        "learner_name": "王小明",
        "id_type": "resident_id",
        "id_number": WOMAN,
        "phone": "13800138000",
        "region_code": "420106",
        "employer_uscc": "91420100MA4K12345X",
        "declared_groups": '["KG01","KG06A"]',
        "project_id": None,
        "real_name_status": "verified",
        "registered_at": "2020-03-25T08:30:00+08:00",
        "status": "active",
        "updated_at": "2020-03-25T08:30:00+08:00",
    } | changes


def learning_record(**changes: str | None) -> dict[str, str | None]:
    return {
        "record_id": "L1",
        "registration_id": "R1",
        "kind": "study",
        "started_at": "2020-03-26T09:00:00+08:00",
        "ended_at": "2020-03-26T09:45:00+08:00",
        "score": None,
        "client_ip": "203.0.113.7",
        "device_id": "D1",
        "face_check": "passed",
        "status": None,
        "updated_at": "2020-03-26T09:45:00+08:00",
    } | changes


def certificate(**changes: str | None) -> dict[str, str | None]:
    return {
        "certificate_no": "Z1",
        "registration_id": "R1",
        "issued_at": "2020-04-10T10:00:00+08:00",
        "class_hours": "24",
        "cost_cny": "1200.00",
        "score": "88.5",
        "revoked_at": None,
        "updated_at": "2020-04-10T10:00:00+08:00",
    } | changes


def report(**changes: str | None) -> dict[str, str | None]:
    return {
        "region_code": "420000",
        "period_start": "2020-03-23",
        "filed_at": "2020-04-08T17:00:00+08:00",
        "version": "1",
        "indicator_code": "learners",
        "this_period": "100",
        "cumulative": "100",
    } | changes


def roster(**changes: str | None) -> dict[str, str | None]:
    return {
        "id_number": WOMAN,
        "id_type": "resident_id",
        "group_code": "KG06A",
        "valid_from": "2020-01-01",
        "valid_to": None,
        "region_code": "420106",
        "updated_at": "2020-03-24 10:00:00",
    } | changes


def project(**changes: str | None) -> dict[str, str | None]:
    return {
        "project_id": "J1",
        "name": "焊工线上培训",
        "kind": "enterprise_online",
        "occupation_code": None,
        "grade": None,
        "institution_uscc": None,
        "enterprise_uscc": "91420100MA4K12345X",
        "affected_by_epidemic": "是",
        "planned_learners": "50",
        "planned_amount": "60000",
        "prepaid_share": "0.3",
        "starts_on": "2020-04-01",
        "ends_on": None,
        "region_code": "420106",
        "updated_at": "2020-03-24 10:00:00",
    } | changes


def payment(**changes: str | None) -> dict[str, str | None]:
    return {
        "payment_id": "Y1",
        "scheme": "training",
        "fund": "special_account",
        "payee_kind": "person",
        "id_number": WOMAN,
        "id_type": "resident_id",
        "payee_uscc": None,
        "certificate_no": "Z1",
        "project_id": None,
        "amount": "1000.00",
        "status": "claimed",
        "claimed_on": "2020-05-01",
        "decided_on": None,
        "paid_on": None,
        "recovered_on": None,
        "region_code": "420106",
        "updated_at": "2020-05-01 10:00:00",
    } | changes


def penalty(**changes: str | None) -> dict[str, str | None]:
    return {
        "penalty_id": "N1",
        "subject_kind": "person",
        "subject_id": WOMAN,
        "id_type": None,
        "reason": "虚假学时",
        "decided_on": "2020-06-01",
        "region_code": "420106",
        "updated_at": "2020-06-01 10:00:00",
    } | changes
