"""The feeds and their fields as data: what `shared/spec/sources.md` calls the contract.

Readers, checks, landing, loading and dbt's staging all follow this one list; nothing else repeats a field's type.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class SenderKind(StrEnum):
    PLATFORM = "platform"
    BUREAU = "bureau"


class Kind(StrEnum):
    """What a field's text must be. The landed DuckDB type is in LANDED_TYPE."""

    TEXT = "text"
    INTEGER = "integer"
    MONEY = "money"  # CNY, DECIMAL(12,2)
    NUMBER = "number"  # DECIMAL(18,4)
    BOOLEAN = "boolean"
    TIMESTAMP = "timestamp"  # landed as Shanghai wall time
    DATE = "date"
    TEXT_LIST = "text_list"
    USCC = "uscc"  # 18 characters, 统一社会信用代码
    # Personal fields: the kind says what becomes of them on the way in (see orchestration/sources/persons/identity.py)
    ID_NUMBER = "id_number"
    PERSON_NAME = "person_name"
    PHONE = "phone"
    CLIENT_IP = "client_ip"
    PERSON_OR_BODY_ID = "person_or_body_id"  # penalties.subject_id


LANDED_TYPE: dict[Kind, str] = {
    Kind.TEXT: "VARCHAR",
    Kind.INTEGER: "BIGINT",
    Kind.MONEY: "DECIMAL(12,2)",
    Kind.NUMBER: "DECIMAL(18,4)",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.TIMESTAMP: "TIMESTAMP",
    Kind.DATE: "DATE",
    Kind.TEXT_LIST: "VARCHAR[]",
    Kind.USCC: "VARCHAR",
}

PERSONAL_KINDS = frozenset({Kind.ID_NUMBER, Kind.PERSON_NAME, Kind.PHONE, Kind.CLIENT_IP, Kind.PERSON_OR_BODY_ID})


@dataclass(frozen=True)
class Field:
    """One field: bounds are inclusive unless `above` (exclusive lower bound) is given; `values` closes the list.

    `is_prose`: words for a reader, in which somebody's number may stand; it lands without such numbers.
    """

    name: str
    kind: Kind = Kind.TEXT
    required: bool = False
    values: tuple[str, ...] = ()
    at_least: float | None = None
    at_most: float | None = None
    above: float | None = None
    is_prose: bool = False


@dataclass(frozen=True)
class RequiredWhen:
    """`field` is required in rows where `other` is one of `values`."""

    field: str
    other: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Feed:
    """One feed: its key identifies a record within a sender; `version_field` orders a record's states."""

    name: str
    sender_kind: SenderKind
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    required_when: tuple[RequiredWhen, ...] = ()
    version_field: str = "updated_at"

    def field(self, name: str) -> Field:
        return next(field for field in self.fields if field.name == name)

    def field_of(self, kind: Kind) -> Field | None:
        """The first field of this kind, if there is one."""
        return next((field for field in self.fields if field.kind is kind), None)

    @property
    def required_names(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields if field.required)


ID_TYPES = ("resident_id", "residence_permit", "passport")
GROUP_CODES = (
    "KG01", "KG02", "KG03", "KG04", "KG05", "KG06", "KG06A", "KG06B", "KG07", "KG08", "KG09", "KG99",
)  # fmt: skip
REPORTED_ONLY_INDICATORS = (
    "publicity_events", "telecom_beneficiaries", "new_occupations", "standards_started", "evaluation_institutions",
)  # fmt: skip
INDICATORS = (
    "platforms_selected", "courses_open", "occupations_covered", "registrations", "learners", "completed",
    "certificates",
    *(f"registrations_{code}" for code in GROUP_CODES),
    *(f"learners_{code}" for code in GROUP_CODES),
    "training_subsidy_persons", "training_subsidy_amount_cny", "living_allowance_persons",
    "living_allowance_amount_cny",
    "prepaid_projects", "prepaid_amount_cny", "penalties",
    *REPORTED_ONLY_INDICATORS,
)  # fmt: skip


def _text(name: str, *values: str, required: bool = False) -> Field:
    return Field(name, Kind.TEXT, required, values)


def _needed(name: str, *values: str) -> Field:
    return _text(name, *values, required=True)


def _prose(name: str, *, required: bool = False) -> Field:
    return Field(name, Kind.TEXT, required, is_prose=True)


def _of(kind: Kind, name: str, *, required: bool = False) -> Field:
    return Field(name, kind, required)


_UPDATED_AT = Field("updated_at", Kind.TIMESTAMP, required=True)

_FEEDS = (
    Feed(
        "courses", SenderKind.PLATFORM, ("course_id",),
        (
            _needed("course_id"), _prose("title", required=True), _text("occupation_code"),
            _needed("content_category", "urgent_shortage", "large_workforce", "new_industry",
            "new_occupation_skill", "general_content"),
            Field("class_hours", Kind.NUMBER, required=True, above=0),
            Field("grade", Kind.INTEGER, at_least=1, at_most=5),
            _needed("delivery_mode", "live", "recorded", "interactive"),
            _of(Kind.BOOLEAN, "is_free", required=True),
            _text("region_zone", "hubei", "sanqu_sanzhou", "supervised_county"),
            _of(Kind.DATE, "free_until"), _prose("instructor_honour"),
            _needed("review_status", "approved", "pending", "rejected"),
            _of(Kind.TIMESTAMP, "published_at", required=True), _of(Kind.TIMESTAMP, "withdrawn_at"), _UPDATED_AT,
        ),
    ),
    Feed(
        "registrations", SenderKind.PLATFORM, ("registration_id",),
        (
            _needed("registration_id"), _needed("course_id"),
            _of(Kind.PERSON_NAME, "learner_name", required=True), _needed("id_type", *ID_TYPES),
            _of(Kind.ID_NUMBER, "id_number", required=True), _of(Kind.PHONE, "phone"), _needed("region_code"),
            _of(Kind.USCC, "employer_uscc"), Field("declared_groups", Kind.TEXT_LIST, values=GROUP_CODES),
            _text("project_id"),
            _needed("real_name_status", "verified", "pending", "failed"),
            _of(Kind.TIMESTAMP, "registered_at", required=True), _needed("status", "active", "cancelled"), _UPDATED_AT,
        ),
    ),
    Feed(
        "learning_records", SenderKind.PLATFORM, ("record_id",),
        (
            _needed("record_id"), _needed("registration_id"),
            _needed("kind", "sign_in", "study", "question", "test", "other"),
            _of(Kind.TIMESTAMP, "started_at", required=True), _of(Kind.TIMESTAMP, "ended_at"),
            Field("score", Kind.NUMBER, at_least=0, at_most=100), _of(Kind.CLIENT_IP, "client_ip"), _text("device_id"),
            _text("face_check", "passed", "failed", "none"), _text("status", "active", "voided"), _UPDATED_AT,
        ),
    ),
    Feed(
        "certificates", SenderKind.PLATFORM, ("certificate_no",),
        (
            _needed("certificate_no"), _needed("registration_id"), _of(Kind.TIMESTAMP, "issued_at", required=True),
            Field("class_hours", Kind.NUMBER, required=True, at_least=0), Field("cost_cny", Kind.MONEY, at_least=0),
            Field("score", Kind.NUMBER, at_least=0, at_most=100), _of(Kind.TIMESTAMP, "revoked_at"), _UPDATED_AT,
        ),
    ),
    Feed(
        "reminders", SenderKind.PLATFORM, ("reminder_id",),
        (
            _needed("reminder_id"), _needed("registration_id"), _of(Kind.TIMESTAMP, "sent_at", required=True),
            _needed("channel", "sms", "app", "phone"), _UPDATED_AT,
        ),
    ),
    Feed(
        "dispatch_reports", SenderKind.BUREAU, ("period_start", "version", "indicator_code"),
        (
            _needed("region_code"), _of(Kind.DATE, "period_start", required=True),
            _of(Kind.TIMESTAMP, "filed_at", required=True),
            Field("version", Kind.INTEGER, required=True, at_least=0), _needed("indicator_code", *INDICATORS),
            _of(Kind.NUMBER, "this_period"), _of(Kind.NUMBER, "cumulative"),
        ),
        version_field="filed_at",
    ),
    Feed(
        "eligibility_rosters", SenderKind.BUREAU, ("id_number", "group_code", "valid_from"),
        (
            _of(Kind.ID_NUMBER, "id_number", required=True), _needed("id_type", *ID_TYPES),
            _needed("group_code", *GROUP_CODES), _of(Kind.DATE, "valid_from", required=True), _of(Kind.DATE,
            "valid_to"),
            _needed("region_code"), _UPDATED_AT,
        ),
    ),
    Feed(
        "institutions", SenderKind.BUREAU, ("institution_uscc",),
        (
            _of(Kind.USCC, "institution_uscc", required=True), _prose("name", required=True),
            _needed("kind", "training", "evaluation", "platform_operator"), _text("platform_id"),
            _of(Kind.DATE, "valid_from", required=True), _of(Kind.DATE, "valid_to"), _needed("region_code"),
            _UPDATED_AT,
        ),
    ),
    Feed(
        "training_projects", SenderKind.BUREAU, ("project_id",),
        (
            _needed("project_id"), _prose("name", required=True),
            _needed("kind", "catalogue", "enterprise_online", "project_based"),
            _text("occupation_code"), Field("grade", Kind.INTEGER, at_least=1, at_most=5),
            _of(Kind.USCC, "institution_uscc"), _of(Kind.USCC, "enterprise_uscc"), _of(Kind.BOOLEAN,
            "affected_by_epidemic"),
            Field("planned_learners", Kind.INTEGER, at_least=0), Field("planned_amount", Kind.MONEY, at_least=0),
            Field("prepaid_share", Kind.NUMBER, at_least=0, at_most=1),
            _of(Kind.DATE, "starts_on", required=True), _of(Kind.DATE, "ends_on"), _needed("region_code"), _UPDATED_AT,
        ),
    ),
    Feed(
        "subsidy_payments", SenderKind.BUREAU, ("payment_id",),
        (
            _needed("payment_id"),
            _needed("scheme", "training", "living_allowance", "project_prepayment", "project_settlement"),
            _needed("fund", "special_account", "employment_fund"), _needed("payee_kind", "person", "enterprise",
            "institution"),
            _of(Kind.ID_NUMBER, "id_number"), _text("id_type", *ID_TYPES), _of(Kind.USCC, "payee_uscc"),
            _text("certificate_no"), _text("project_id"), Field("amount", Kind.MONEY, required=True, at_least=0),
            _needed("status", "claimed", "approved", "rejected", "paid", "recovered"),
            _of(Kind.DATE, "claimed_on", required=True), _of(Kind.DATE, "decided_on"), _of(Kind.DATE, "paid_on"),
            _of(Kind.DATE, "recovered_on"), _needed("region_code"), _UPDATED_AT,
        ),
        (RequiredWhen("id_number", "payee_kind", ("person",)), RequiredWhen("paid_on", "status", ("paid",))),
    ),
    Feed(
        "penalties", SenderKind.BUREAU, ("penalty_id",),
        (
            _needed("penalty_id"), _needed("subject_kind", "platform", "institution", "person"),
            _of(Kind.PERSON_OR_BODY_ID, "subject_id", required=True), _text("id_type", *ID_TYPES),
            _prose("reason", required=True),
            _of(Kind.DATE, "decided_on", required=True), _needed("region_code"), _UPDATED_AT,
        ),
    ),
)  # fmt: skip

FEEDS: dict[str, Feed] = {feed.name: feed for feed in _FEEDS}
PLATFORM_FEEDS = tuple(feed.name for feed in _FEEDS if feed.sender_kind is SenderKind.PLATFORM)
BUREAU_FEEDS = tuple(feed.name for feed in _FEEDS if feed.sender_kind is SenderKind.BUREAU)

Connector = Literal["rest", "xapi", "files"]
