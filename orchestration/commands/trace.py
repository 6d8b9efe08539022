"""`warehouse trace`: one learner's timeline and subsidy decisions, for the audit role."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from orchestration.commands.person import IdTypeOption, PersonKeyOption, asked_person
from orchestration.commands.terminal import JsonOption, answer, told
from orchestration.reporting.summary import render_line
from orchestration.reporting.trace import Trace, read_trace
from orchestration.settings import Settings


def trace(
    person_key: PersonKeyOption = None, id_type: IdTypeOption = "resident_id", as_json: JsonOption = False
) -> None:
    """Print a learner's timeline and every subsidy decision with its reasons.

    The id number is read from standard input (hidden on a terminal) and is neither echoed nor kept. An argument would
    stand in the shell's history and in the list of processes.
    """
    with told(as_json=as_json):
        settings = Settings.from_environment()
        answer(read_trace(settings, asked_person(settings, person_key, id_type)), _render, as_json=as_json)


def _render(console: Console, trace: Trace) -> None:
    render_line(console, "learner", trace.person_key)
    for table in (_timeline(trace), _decisions(trace), _payments(trace), _signals(trace)):
        if table.row_count:
            console.print(table)


def _timeline(trace: Trace) -> Table:
    table = Table("when", "what", "platform", "course", "detail", title=f"Timeline ({len(trace.events)})")
    for event in trace.events:
        _row(table, event.happened_at, event.kind, event.platform_id, event.course_id, event.detail)
    return table


def _decisions(trace: Trace) -> Table:
    columns = ("day", "scheme", "registration", "due, CNY", "reasons", "rule", "document")
    table = Table(*columns, title=f"Subsidy decisions ({len(trace.decisions)})")
    for decision in trace.decisions:
        _row(
            table,
            decision.event_date,
            decision.scheme,
            f"{decision.platform_id} {decision.registration_id}",
            f"{decision.entitled_amount_cny:,.2f}" if decision.is_entitled else "not due",
            ", ".join(decision.reasons),
            decision.rule_id,
            f"{decision.document_no or ''}{' (assumed)' if decision.is_assumed else ''}",
        )
    return table


def _payments(trace: Trace) -> Table:
    columns = ("claimed", "paid", "scheme", "fund", "CNY", "status", "payment", "behind it")
    table = Table(*columns, title=f"Claims and payments ({len(trace.payments)})")
    for payment in trace.payments:
        _row(
            table,
            payment.claimed_on,
            payment.paid_on,
            payment.scheme,
            payment.fund,
            f"{payment.amount_cny:,.2f}",
            payment.status,
            f"{payment.sender_id} {payment.payment_id}",
            "records" if payment.is_matched else "nothing",
        )
    return table


def _signals(trace: Trace) -> Table:
    columns = ("period", "rule", "on", "severity", "evidence", "outcome")
    table = Table(*columns, title=f"Supervision signals ({len(trace.signals)})")
    for signal in trace.signals:
        subject = "the learner" if signal.subject_kind == "person" else f"{signal.subject_kind} {signal.subject_id}"
        _row(
            table,
            signal.period_start,
            signal.rule_id,
            subject,
            signal.severity,
            signal.evidence_count,
            signal.outcome,
        )
    return table


def _row(table: Table, *values: object) -> None:
    table.add_row(*("" if value is None else escape(str(value)) for value in values))
