"""Rows that break the contract, in known numbers: one list of flaws, each sprinkled over a few senders.

A dirty row is a copy of a real row under a key of its own, with one thing wrong (a few: two things). So it is refused,
and nothing else changes. Two flaws keep the key of a real registration and come after its last version: the update is
refused and the earlier state must stay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from orchestration.sandbox import identity
from orchestration.sandbox.timeline import HOUR, Timeline, wall_datetime

SENDERS_A_FLAW = 4
Row = dict[str, Any]


def _number(area: int, birthday: int, sequence: int = 123) -> str:
    return str(identity.id_numbers(np.array([area]), np.array([birthday]), np.array([sequence]))[0])


NO_SUCH_PROVINCE = _number(990101, 19900307)
BORN_LATER = _number(110101, 20301201)
NO_SUCH_DAY = _number(110101, 19900230)
WRONG_CHECK_DIGIT = _number(110101, 19900307)[:-1] + ("1" if _number(110101, 19900307)[-1] != "1" else "2")
OLD_STYLE = "110101900307123"


@dataclass(frozen=True)
class Flaw:
    """`patch` says what stands in the row instead; `reasons` what it must be refused for.

    `is_typed` means that a file with real types can hold it too. `keeps_key` leaves the record's own key and comes
    later. `twin` makes two rows of one key and moment that differ in this field.
    """

    feed: str
    patch: Row
    reasons: tuple[str, ...]
    is_typed: bool = False
    keeps_key: bool = False
    twin: Row = field(default_factory=dict)


def _resident(number: str) -> Row:
    return {"id_type": "resident_id", "id_number": number}


def _person_subject(number: str) -> Row:
    return {"subject_kind": "person", "id_type": "resident_id", "subject_id": number}


TWO_REASONS = ("uscc_invalid", "unknown_enum")

FLAWS: tuple[Flaw, ...] = (
    Flaw("courses", {"title": None}, ("missing_required",), True),
    Flaw("courses", {"class_hours": 0.0}, ("out_of_range",), True),
    Flaw("courses", {"grade": 7}, ("out_of_range",), True),
    Flaw("courses", {"is_free": "maybe"}, ("bad_type",)),
    Flaw("courses", {"content_category": "cooking"}, ("unknown_enum",), True),
    Flaw("registrations", {"learner_name": None}, ("missing_required",), True),
    Flaw("registrations", {"region_code": None}, ("missing_required",), True),
    Flaw("registrations", {"registered_at": "2020-13-45 10:00:00"}, ("bad_type",)),
    Flaw("registrations", {"declared_groups": ["KG77"]}, ("unknown_enum",), True),
    Flaw("registrations", {"real_name_status": "ok"}, ("unknown_enum",), True),
    Flaw("registrations", _resident(OLD_STYLE), ("identity_invalid",), True),
    Flaw("registrations", _resident(WRONG_CHECK_DIGIT), ("identity_invalid",), True),
    Flaw("registrations", _resident(NO_SUCH_PROVINCE), ("identity_invalid",), True),
    Flaw("registrations", _resident(BORN_LATER), ("identity_invalid",), True),
    Flaw("registrations", _resident(NO_SUCH_DAY), ("identity_invalid",), True),
    Flaw("registrations", {"id_type": "passport", "id_number": "E12"}, ("identity_invalid",), True),
    Flaw("registrations", {"employer_uscc": "9111000010169"}, ("uscc_invalid",), True),
    Flaw("registrations", {"employer_uscc": "9111000010-690-72K", "status": "off"}, TWO_REASONS, True),
    Flaw("registrations", {"status": "deleted"}, ("unknown_enum",), True, True),
    Flaw("registrations", {}, ("duplicate_key_in_batch",), True, twin={"phone": "12000000000"}),
    Flaw("registrations", {"status": "cancelled"}, ("duplicate_key_in_batch",), True, True, twin={"status": "active"}),
    Flaw("learning_records", {"started_at": None}, ("missing_required",), True),
    Flaw("learning_records", {"ended_at": "later"}, ("bad_type",)),
    Flaw("learning_records", {"score": 150.0}, ("out_of_range",), True),
    Flaw("learning_records", {"kind": "watch"}, ("unknown_enum",), True),
    Flaw("learning_records", {}, ("duplicate_key_in_batch",), True, twin={"device_id": "dev-other"}),
    Flaw("certificates", {"registration_id": None}, ("missing_required",), True),
    Flaw("certificates", {"class_hours": -1.0}, ("out_of_range",), True),
    Flaw("certificates", {"issued_at": "soon"}, ("bad_type",)),
    Flaw("reminders", {"channel": "fax"}, ("unknown_enum",), True),
    Flaw("eligibility_rosters", _resident(OLD_STYLE), ("identity_invalid",)),
    Flaw("eligibility_rosters", {"group_code": "KG77"}, ("unknown_enum",)),
    Flaw("eligibility_rosters", {"valid_to": "长期"}, ("bad_type",)),
    Flaw("institutions", {"institution_uscc": "ABC"}, ("uscc_invalid",)),
    Flaw("institutions", {"name": None}, ("missing_required",)),
    Flaw("training_projects", {"prepaid_share": 1.5}, ("out_of_range",)),
    Flaw("training_projects", {"kind": "other"}, ("unknown_enum",)),
    Flaw("subsidy_payments", {"amount": -1.0}, ("out_of_range",)),
    Flaw("subsidy_payments", {"amount": "八百"}, ("bad_type",)),
    Flaw("subsidy_payments", {"payee_kind": "person", "id_number": None}, ("missing_required",)),
    Flaw("subsidy_payments", {"status": "paid", "paid_on": None}, ("missing_required",)),
    Flaw("subsidy_payments", {"payee_kind": "person", **_resident(WRONG_CHECK_DIGIT)}, ("identity_invalid",)),
    Flaw("subsidy_payments", {"scheme": "gift"}, ("unknown_enum",)),
    Flaw("penalties", _person_subject(NO_SUCH_DAY), ("identity_invalid",)),
    Flaw("penalties", {"reason": None}, ("missing_required",)),
)  # fmt: skip

KEY_FIELD = {
    "courses": "course_id", "registrations": "registration_id", "learning_records": "record_id",
    "certificates": "certificate_no", "reminders": "reminder_id", "institutions": "institution_uscc",
    "training_projects": "project_id", "subsidy_payments": "payment_id", "penalties": "penalty_id",
}  # fmt: skip


@dataclass(frozen=True)
class DirtyRow:
    """A row to deliver beside the real ones; `at` is the moment (wall seconds) of its updated_at."""

    sender: int
    feed: str
    at: int
    row: Row
    reasons: tuple[str, ...]


def sprinkle(
    rng: np.random.Generator,
    feed: str,
    frame: pl.DataFrame,
    line: Timeline,
    takes: Callable[[int, Flaw], bool],
) -> list[DirtyRow]:
    """Dirty rows for one feed. `frame` is that of `wire`; `takes` says whether a sender can be given a flaw."""
    known = frame.with_row_index("_row").filter(pl.col("_at") < line.now)
    by_sender = {key[0]: part for key, part in known.partition_by("_sender", as_dict=True).items() if len(part) >= 3}
    dirty: list[DirtyRow] = []
    for number, flaw in enumerate(flaw for flaw in FLAWS if flaw.feed == feed):
        able = sorted(sender for sender in by_sender if takes(int(sender), flaw))
        for sender in rng.permutation(able)[:SENDERS_A_FLAW].tolist():
            dirty.extend(_spoil(rng, flaw, number, sender, by_sender[sender], line))
    return dirty


def _spoil(
    rng: np.random.Generator, flaw: Flaw, number: int, sender: int, rows: pl.DataFrame, line: Timeline
) -> list[DirtyRow]:
    base = rows.row(int(rng.integers(0, len(rows))), named=True)
    at = int(base["_at"])
    row = {name: value for name, value in base.items() if not name.startswith("_")}
    if flaw.keeps_key:
        key = KEY_FIELD[flaw.feed]
        latest = int(rows.filter(pl.col(key) == row[key])["_at"].to_numpy().max())
        at = min(latest + HOUR + number, line.now - 60 - number)
        if at <= latest:
            return []
        row["updated_at"] = wall_datetime(at).replace(tzinfo=None)
    elif flaw.feed == "eligibility_rosters":
        row["valid_from"] = row["valid_from"].replace(year=2017)  # no real row begins that early
    elif flaw.feed in KEY_FIELD:
        row[KEY_FIELD[flaw.feed]] = _own_key(flaw.feed, number, sender)
    row |= flaw.patch
    made = [DirtyRow(sender, flaw.feed, at, row, flaw.reasons)]
    if flaw.twin:
        made.append(DirtyRow(sender, flaw.feed, at, row | flaw.twin, flaw.reasons))
    return made


def _own_key(feed: str, number: int, sender: int) -> str:
    if feed == "institutions":
        return f"91990000DRT{number:03d}{sender:03d}X"
    return f"X{number:03d}{sender:03d}"


def refused(rows: Sequence[DirtyRow]) -> Counter[tuple[int, str, str]]:
    """How many rows of each sender and feed must be refused for each reason."""
    return Counter((row.sender, row.feed, reason) for row in rows for reason in row.reasons)
