"""The drawn world as rows of the contract: one frame a feed, one row a delivered version.

Columns: `_sender` (index of the platform or bureau), `_at` (wall seconds of the row's updated_at), then the feed's
fields in the contract's order and natural types: timestamps are naive Datetime of Shanghai, money and numbers Float64,
lists List. Rows are in the order in which the sender would have written them: by sender, then moment, then record.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from orchestration.sandbox import catalogue, certificates, courses, identity, learning, payments, registrations
from orchestration.sandbox.drawing import Draw
from orchestration.sandbox.reference import occupations
from orchestration.sandbox.timeline import NEVER
from orchestration.sources.feeds import FEEDS, GROUP_CODES

UNKNOWN_REGISTRATION = "R000000404"
UNKNOWN_COURSE = "C9999"
REPEATED_SHARE = 0.004


def _pick(values: tuple[str, ...], index: np.ndarray) -> pl.Series:
    """The text of each index; '' and negative indices are null."""
    texts = pl.Series([*(value or None for value in values), None], dtype=pl.Utf8)
    return texts.gather(np.where(index < 0, len(values), index))


def _moment(seconds: np.ndarray) -> pl.Series:
    return _known(seconds, seconds * 1_000_000).cast(pl.Datetime("us"))


def _day(days: np.ndarray) -> pl.Series:
    return _known(days, days.astype(np.int32)).cast(pl.Int32).cast(pl.Date)


def _known(values: np.ndarray, shown: np.ndarray) -> pl.Series:
    series = pl.Series(shown)
    return series.zip_with(pl.Series(values != NEVER), pl.Series([None] * len(series), dtype=series.dtype))


def _number(values: np.ndarray, divisor: float, missing: int | None = None) -> pl.Series:
    series = pl.Series(values / divisor)
    if missing is None:
        return series
    return series.zip_with(pl.Series(values != missing), pl.Series([None] * len(series), dtype=pl.Float64))


def _text(values: np.ndarray) -> pl.Series:
    """'' becomes null."""
    return pl.Series(values.tolist(), dtype=pl.Utf8).replace("", None)


def _grade(grades: np.ndarray) -> pl.Series:
    return pl.Series(np.where(grades == 0, -1, grades)).replace(-1, None).cast(pl.Int64)


def _frame(feed: str, sender: np.ndarray, at: np.ndarray, columns: dict[str, Any]) -> pl.DataFrame:
    """Columns in the contract's order, rows by sender and moment (stable)."""
    names = [field.name for field in FEEDS[feed].fields]
    missing = set(names) - set(columns)
    if missing:
        raise ValueError(f"{feed}: no column for {sorted(missing)}")
    frame = pl.DataFrame({"_sender": sender, "_at": at} | {name: columns[name] for name in names})
    return frame.sort("_sender", "_at", maintain_order=True)


def repeat_some(frame: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Some rows delivered twice, alike to the letter: senders that retry do that."""
    again = np.flatnonzero(rng.random(len(frame)) < REPEATED_SHARE)
    return pl.concat([frame, frame[again]]).sort("_sender", "_at", maintain_order=True)


def _occupation(codes: np.ndarray) -> pl.Series:
    known = occupations()[0]
    texts = (*known, courses.UNKNOWN_OCCUPATION_CODE)
    return _pick(texts, np.where(codes == courses.UNKNOWN_OCCUPATION, len(known), codes))


def course_frame(world: Draw) -> pl.DataFrame:
    drawn = world.courses
    of = drawn.version_course
    names = occupations()[1]
    occupation = drawn.occupation[of]
    what = _pick(names, occupation).fill_null("职业素养")
    titles = pl.DataFrame({"what": what, "number": drawn.number[of]}).select(
        pl.format("{}（样例课程{}）", "what", pl.col("number").cast(pl.Utf8).str.zfill(3))
    )
    return _frame(
        "courses",
        drawn.platform[of],
        drawn.version_at,
        {
            "course_id": _text(drawn.ids()[of]),
            "title": titles.to_series(),
            "occupation_code": _occupation(occupation),
            "content_category": _pick(courses.CATEGORIES, drawn.category[of]),
            "class_hours": _number(drawn.class_hours_tenths[of], 10),
            "grade": _grade(drawn.grade[of]),
            "delivery_mode": _pick(courses.MODES, drawn.mode[of]),
            "is_free": drawn.is_free[of],
            "region_zone": _pick(courses.ZONES, drawn.zone[of]),
            "free_until": _day(drawn.free_until[of]),
            "instructor_honour": _pick(courses.HONOURS, drawn.honour[of]),
            "review_status": _pick(courses.REVIEWS, drawn.version_review),
            "published_at": _moment(drawn.published_at[of]),
            "withdrawn_at": _moment(drawn.version_withdrawn_at),
            "updated_at": _moment(drawn.version_at),
        },
    )


def _group_lists(masks: np.ndarray) -> pl.Series:
    distinct, inverse = np.unique(masks, return_inverse=True)
    lists = [[code for bit, code in enumerate(GROUP_CODES) if mask >> bit & 1] for mask in distinct.tolist()]
    return pl.Series(lists, dtype=pl.List(pl.Utf8)).gather(inverse)


def registration_frame(world: Draw) -> pl.DataFrame:
    drawn = world.registrations
    of = drawn.version_registration
    people = world.people
    # A registration's number is written the same way in each of its versions.
    written = identity.written_otherwise(world.stream("written"), people.id_number[drawn.person], 0.01)
    course_ids = np.append(world.courses.ids(), UNKNOWN_COURSE)
    projects = np.append(world.projects.project_id, "")
    person = drawn.person[of]
    phones = np.where(world.stream("phones").random(len(drawn)) < 0.05, "", people.phone[drawn.person])
    return _frame(
        "registrations",
        drawn.platform[of],
        drawn.version_at,
        {
            "registration_id": _text(drawn.ids(world.platforms, world.seed)[of]),
            "course_id": _text(course_ids[drawn.course[of]]),
            "learner_name": _text(people.name[person]),
            "id_type": _pick(identity.ID_TYPES, people.id_type[person]),
            "id_number": _text(written[of]),
            "phone": _text(phones[of]),
            "region_code": _text(world.places.code[drawn.version_place]),
            "employer_uscc": _text(world.employer_uscc[of]),
            "declared_groups": _group_lists(drawn.version_groups),
            "project_id": _text(projects[drawn.project[of]]),
            "real_name_status": _pick(registrations.REAL_NAME, drawn.version_real_name),
            "registered_at": _moment(drawn.registered_at[of]),
            "status": _pick(("active", "cancelled"), drawn.version_is_cancelled.astype(int)),
            "updated_at": _moment(drawn.version_at),
        },
    )


def learning_frame(world: Draw) -> pl.DataFrame:
    drawn = world.learning
    of = drawn.version_record
    ids = np.append(world.registrations.ids(world.platforms, world.seed), UNKNOWN_REGISTRATION)
    record = of % (1 << 24)
    address = pl.DataFrame({"a": of * 7 % 251 + 1, "b": of * 13 % 253 + 1, "c": of * 31 % 254 + 1}).select(
        pl.format("10.{}.{}.{}", "a", "b", "c")
    )
    return _frame(
        "learning_records",
        drawn.platform[of],
        drawn.version_at,
        {
            "record_id": pl.Series(record).cast(pl.Utf8).str.zfill(8).str.replace("^", "L"),
            "registration_id": _text(ids[drawn.registration[of]]),
            "kind": _pick(learning.KINDS, drawn.kind[of]),
            "started_at": _moment(drawn.started_at[of]),
            "ended_at": _moment(drawn.ended_at[of]),
            "score": _number(drawn.version_score, 1, learning.NO_SCORE),
            "client_ip": address.to_series(),
            "device_id": pl.Series(drawn.device[of]).cast(pl.Utf8).str.zfill(7).str.replace("^", "dev-"),
            "face_check": _pick(learning.FACE, drawn.face[of]),
            "status": _pick(learning.STATUS, drawn.version_status),
            "updated_at": _moment(drawn.version_at),
        },
    )


def certificate_frame(world: Draw) -> pl.DataFrame:
    drawn = world.certificates
    of = drawn.version_certificate
    ids = np.append(world.registrations.ids(world.platforms, world.seed), UNKNOWN_REGISTRATION)
    return _frame(
        "certificates",
        drawn.platform[of],
        drawn.version_at,
        {
            "certificate_no": _text(drawn.numbers()[of]),
            "registration_id": _text(ids[drawn.registration[of]]),
            "issued_at": _moment(drawn.issued_at[of]),
            "class_hours": _number(drawn.class_hours_tenths[of], 10),
            "cost_cny": _number(drawn.cost_fen[of], 100, certificates.NO_COST),
            "score": _number(drawn.score[of], 1),
            "revoked_at": _moment(drawn.version_revoked_at),
            "updated_at": _moment(drawn.version_at),
        },
    )


def reminder_frame(world: Draw) -> pl.DataFrame:
    drawn = world.reminders
    ids = world.registrations.ids(world.platforms, world.seed)
    numbers = np.arange(len(drawn))
    return _frame(
        "reminders",
        drawn.platform,
        drawn.updated_at,
        {
            "reminder_id": pl.Series(numbers).cast(pl.Utf8).str.zfill(7).str.replace("^", "M"),
            "registration_id": _text(ids[drawn.registration]),
            "sent_at": _moment(drawn.sent_at),
            "channel": _pick(certificates.CHANNELS, drawn.channel),
            "updated_at": _moment(drawn.updated_at),
        },
    )


def roster_frame(world: Draw) -> pl.DataFrame:
    drawn = world.rosters
    of = drawn.version_row
    people, person = world.people, drawn.person[of]
    written = identity.written_otherwise(world.stream("rosters written"), people.id_number[person], 0.01)
    return _frame(
        "eligibility_rosters",
        drawn.bureau[of],
        drawn.version_at,
        {
            "id_number": _text(written),
            "id_type": _pick(identity.ID_TYPES, people.id_type[person]),
            "group_code": _pick(GROUP_CODES, drawn.group[of]),
            "valid_from": _day(drawn.valid_from[of]),
            "valid_to": _day(drawn.version_valid_to),
            "region_code": _text(world.places.code[people.home[person]]),
            "updated_at": _moment(drawn.version_at),
        },
    )


def _bureau_codes(world: Draw) -> np.ndarray:
    return np.array([bureau.id for bureau in world.bureaus])


def institution_frame(world: Draw) -> pl.DataFrame:
    drawn = world.institutions
    platform_ids = (*(spec.id for spec in world.platforms),)
    names = pl.DataFrame({"n": np.arange(len(drawn.uscc))}).select(pl.format("样例机构{}号", "n")).to_series()
    return _frame(
        "institutions",
        drawn.bureau,
        drawn.updated_at,
        {
            "institution_uscc": _text(drawn.uscc),
            "name": names,
            "kind": _pick(catalogue.INSTITUTION_KINDS, drawn.kind),
            "platform_id": _pick(platform_ids, drawn.platform),
            "valid_from": _day(drawn.valid_from),
            "valid_to": _day(drawn.valid_to),
            "region_code": _text(_bureau_codes(world)[drawn.bureau]),
            "updated_at": _moment(drawn.updated_at),
        },
    )


def project_frame(world: Draw) -> pl.DataFrame:
    drawn = world.projects
    names = pl.DataFrame({"n": drawn.project_id}).select(pl.format("样例培训项目{}", "n")).to_series()
    is_catalogue = drawn.kind == catalogue.CATALOGUE
    return _frame(
        "training_projects",
        drawn.bureau,
        drawn.updated_at,
        {
            "project_id": _text(drawn.project_id),
            "name": names,
            "kind": _pick(catalogue.PROJECT_KINDS, drawn.kind),
            "occupation_code": _occupation(drawn.occupation),
            "grade": _grade(drawn.grade),
            "institution_uscc": _text(drawn.institution_uscc),
            "enterprise_uscc": _text(drawn.enterprise_uscc),
            "affected_by_epidemic": drawn.is_affected,
            "planned_learners": pl.Series(np.where(is_catalogue, -1, drawn.planned_learners)).replace(-1, None),
            "planned_amount": _number(np.where(is_catalogue, -1, drawn.planned_fen), 100, -1),
            "prepaid_share": _number(np.where(drawn.prepaid_percent == 0, -1, drawn.prepaid_percent), 100, -1),
            "starts_on": _day(drawn.starts_on),
            "ends_on": _day(drawn.ends_on),
            "region_code": _text(_bureau_codes(world)[drawn.bureau]),
            "updated_at": _moment(drawn.updated_at),
        },
    )


def payment_frame(world: Draw) -> pl.DataFrame:
    drawn = world.payments
    of = drawn.version_payment
    codes = _bureau_codes(world)
    people = world.people
    person = drawn.person[of]
    place = np.where(drawn.place >= 0, world.places.code[np.maximum(drawn.place, 0)], codes[drawn.bureau])
    projects = np.append(world.projects.project_id, "")
    return _frame(
        "subsidy_payments",
        drawn.bureau[of],
        drawn.version_at,
        {
            "payment_id": _text(drawn.ids(codes)[of]),
            "scheme": _pick(payments.SCHEMES, drawn.scheme[of]),
            "fund": _pick(payments.FUNDS, drawn.fund[of]),
            "payee_kind": _pick(payments.PAYEES, drawn.payee_kind[of]),
            "id_number": _text(np.where(person >= 0, people.id_number[np.maximum(person, 0)], "")),
            "id_type": _pick(identity.ID_TYPES, np.where(person >= 0, people.id_type[np.maximum(person, 0)], -1)),
            "payee_uscc": _text(drawn.payee_uscc[of]),
            "certificate_no": _text(drawn.certificate_no[of]),
            "project_id": _text(projects[drawn.project[of]]),
            "amount": _number(drawn.amount_fen[of], 100),
            "status": _pick(payments.STATUSES, drawn.version_status),
            "claimed_on": _day(drawn.claimed_on[of]),
            "decided_on": _day(drawn.version_decided_on),
            "paid_on": _day(drawn.version_paid_on),
            "recovered_on": _day(drawn.version_recovered_on),
            "region_code": _text(place[of]),
            "updated_at": _moment(drawn.version_at),
        },
    )


def penalty_frame(world: Draw) -> pl.DataFrame:
    drawn = world.penalties
    codes = _bureau_codes(world)
    numbers = np.arange(len(drawn.bureau))
    return _frame(
        "penalties",
        drawn.bureau,
        drawn.updated_at,
        {
            "penalty_id": pl.Series(numbers).cast(pl.Utf8).str.zfill(4).str.replace("^", "CF"),
            "subject_kind": _pick(catalogue.SUBJECT_KINDS, drawn.subject_kind),
            "subject_id": _text(drawn.subject_id),
            "id_type": _pick(identity.ID_TYPES, drawn.id_type),
            "reason": _pick(catalogue.REASONS, drawn.reason),
            "decided_on": _day(drawn.decided_on),
            "region_code": _text(codes[drawn.bureau]),
            "updated_at": _moment(drawn.updated_at),
        },
    )


PLATFORM_FRAMES = {
    "courses": course_frame,
    "registrations": registration_frame,
    "learning_records": learning_frame,
    "certificates": certificate_frame,
    "reminders": reminder_frame,
}
BUREAU_FRAMES = {
    "eligibility_rosters": roster_frame,
    "institutions": institution_frame,
    "training_projects": project_frame,
    "subsidy_payments": payment_frame,
    "penalties": penalty_frame,
}
