"""One learner's whole way through the action: what a trace shows.

    person_key → marts.learner_timeline, marts.subsidy_entitlement (with its rule's document), core.fct_subsidy_payment,
                 marts.supervision_signal → Trace

Reads warehouse.duckdb: single persons are never in the published copy. A person stands there under a pseudonym.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import duckdb

from orchestration.loading.database import open_for_reading
from orchestration.reporting.status import NothingPublishedError
from orchestration.settings import Settings


class UnknownPersonError(Exception):
    """No sender has told anything of this person."""


@dataclass(frozen=True)
class Event:
    """Something that happened to the learner; `happened_at` in Shanghai wall time, 00:00 where only a day is known."""

    happened_at: datetime
    kind: str
    platform_id: str | None
    course_id: str | None
    detail: str | None


@dataclass(frozen=True)
class Decision:
    """Whether a subsidy is due for one registration, CNY, and every reason; `document_no`: of the rule that decides."""

    platform_id: str
    registration_id: str
    scheme: str
    is_entitled: bool
    entitled_amount_cny: Decimal
    reasons: list[str]
    event_date: date | None
    rule_id: str | None
    document_no: str | None
    is_assumed: bool | None


@dataclass(frozen=True)
class Payment:
    """A claim for the learner as its bureau filed it, CNY; `is_matched`: the records stand behind it."""

    sender_id: str
    payment_id: str
    scheme: str
    fund: str
    status: str
    amount_cny: Decimal
    claimed_on: date
    paid_on: date | None
    is_matched: bool


@dataclass(frozen=True)
class Signal:
    """A supervision rule that fires on the learner, or on a registration or claim of the learner's (`subject_id`:
    `<platform>/<registration_id>`, `<bureau>/<payment_id>`)."""

    rule_id: str
    subject_kind: str
    subject_id: str
    severity: str
    period_start: date
    evidence_count: int
    outcome: str


@dataclass(frozen=True)
class Trace:
    """Everything known of one person, events in their order."""

    person_key: str
    events: tuple[Event, ...]
    decisions: tuple[Decision, ...]
    payments: tuple[Payment, ...]
    signals: tuple[Signal, ...]


def read_trace(settings: Settings, person_key: UUID) -> Trace:
    """Raises UnknownPersonError; NothingPublishedError where no marts have been built. Waits for a running build."""
    if not settings.database_path.is_file():
        raise NothingPublishedError(f"{settings.database_path}: no warehouse is there yet; run `warehouse build`")
    with open_for_reading(settings) as connection:
        try:
            trace = _read(connection, person_key)
        except duckdb.CatalogException:
            raise NothingPublishedError("marts.learner_timeline is not there; run `warehouse transform`") from None
    if not (trace.events or trace.decisions or trace.payments):
        raise UnknownPersonError(
            f"person {person_key}: no sender has told anything of this person (under this deployment's pseudonym key)"
        )
    return trace


def _read(connection: duckdb.DuckDBPyConnection, person_key: UUID) -> Trace:
    person_sk = person_sk_of(person_key)
    events = connection.execute(
        "select happened_at, kind, platform_id, course_id, detail from marts.learner_timeline "
        "where person_key = $1::uuid order by happened_at, kind, record_key",
        [str(person_key)],
    ).fetchall()
    decisions = connection.execute(
        "select d.platform_id, d.registration_id, d.scheme, d.is_entitled, d.entitled_amount_cny, d.reasons, "
        "d.event_date, d.rule_id, r.document_no, r.is_assumed "
        "from marts.subsidy_entitlement as d left join core.dim_subsidy_rule as r on d.rule_id = r.rule_id "
        "where d.person_sk = $1 order by d.event_date nulls last, d.scheme, d.platform_id, d.registration_id",
        [person_sk],
    ).fetchall()
    payments = connection.execute(
        "select p.sender_id, p.payment_id, p.scheme, p.fund, p.status, p.amount_cny, p.claimed_on, p.paid_on, "
        "coalesce(m.is_matched, false) from core.fct_subsidy_payment as p "
        "left join core.fct_payment_match as m on p.sender_id = m.sender_id and p.payment_id = m.payment_id "
        "where p.person_sk = $1 order by p.claimed_on, p.sender_id, p.payment_id",
        [person_sk],
    ).fetchall()
    signals = connection.execute(
        "with subjects as ("
        "select 'person' as subject_kind, $1 as subject_id "
        "union all "
        "select 'registration', platform_id || '/' || registration_id from core.fct_registration where person_sk = $2 "
        "union all "
        "select 'payment', sender_id || '/' || payment_id from core.fct_subsidy_payment where person_sk = $2) "
        "select rule_id, subject_kind, subject_id, severity, period_start, evidence_count, outcome "
        "from marts.supervision_signal semi join subjects using (subject_kind, subject_id) "
        "order by period_start, rule_id, subject_id",
        [str(person_key), person_sk],
    ).fetchall()
    return Trace(
        str(person_key),
        tuple(Event(*row) for row in events),
        tuple(Decision(*row) for row in decisions),
        tuple(Payment(*row) for row in payments),
        tuple(Signal(*row) for row in signals),
    )


def person_sk_of(person_key: UUID) -> int:
    """The integer that stands for a person in the facts: the key's first 8 bytes without the sign bit."""
    return (person_key.int >> 64) & (2**63 - 1)
