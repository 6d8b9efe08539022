"""Subsidy payments by period, province, scheme and fund."""

from __future__ import annotations

import numpy as np

from orchestration.sandbox import payments
from orchestration.sandbox.reference import NATION
from orchestration.sandbox.timeline import NEVER, day_number
from orchestration.sandbox.truth.progress import distinct, sums
from orchestration.sandbox.truth.state import State, approved_on, paid_on
from orchestration.sandbox.truth.tables import Table

MEASURES = ("claimed", "approved", "rejected", "paid", "recovered")


def yuan(fen: int) -> str:
    """CNY with two places."""
    return f"{int(fen) // 100}.{int(fen) % 100:02d}"


def days_of_measures(state: State) -> dict[str, np.ndarray]:
    """Over payments: on which day each counts for a measure, NEVER where it does not."""
    drawn = state.world.payments
    status = state.payment_status()
    version = state.payment_version
    return {
        "claimed": np.where(status >= 0, drawn.claimed_on, NEVER),
        "approved": approved_on(state),
        "rejected": np.where(status == payments.REJECTED, drawn.version_decided_on[version], NEVER),
        "paid": paid_on(state),
        "recovered": np.where(status == payments.RECOVERED, drawn.version_recovered_on[version], NEVER),
    }


def is_wrong_fund(state: State) -> np.ndarray:
    drawn = state.world.payments
    right = np.where(drawn.scheme == payments.ALLOWANCE, payments.EMPLOYMENT_FUND, payments.SPECIAL_ACCOUNT)
    return drawn.fund != right


def subsidy_progress(state: State) -> Table:
    """Every bureau and the nation; a row that is all zero is left out."""
    counts = [f"{measure}_{unit}" for measure in MEASURES for unit in ("persons", "count", "amount_cny")]
    table = Table(
        "the mart subsidy_progress: claimed, approved, rejected, paid, recovered, unpaid and wrong fund",
        ("period_start", "province_code", "scheme", "fund"),
        (*counts, "unpaid_amount_cny", "wrong_fund_amount_cny"),
    )
    world = state.world
    bureaus = [bureau.id for bureau in world.bureaus]
    kinds = len(payments.SCHEMES) * len(payments.FUNDS)
    kind = world.payments.scheme * len(payments.FUNDS) + world.payments.fund
    labels = [(scheme, fund) for scheme in payments.SCHEMES for fund in payments.FUNDS]
    _add(table, state, world.payments.bureau * kinds + kind, [(b, *label) for b in bureaus for label in labels])
    _add(table, state, kind, [(NATION, *label) for label in labels])
    table.rows.sort(key=lambda row: row[:4])
    return table


def _add(table: Table, state: State, row_of: np.ndarray, labels: list[tuple[str, str, str]]) -> None:
    line, drawn = state.world.line, state.world.payments
    shape = (len(labels), len(line.periods))
    days = days_of_measures(state)
    parts: list[np.ndarray] = []
    money: list[bool] = []
    for measure in MEASURES:
        hit = np.flatnonzero(days[measure] != NEVER)
        period = line.period_index(days[measure][hit])
        with_person = drawn.person[hit] >= 0
        people = distinct(row_of[hit[with_person]], period[with_person], drawn.person[hit[with_person]])
        parts += [
            sums(people[0], people[1], *shape),
            sums(row_of[hit], period, *shape),
            sums(row_of[hit], period, *shape, weight=drawn.amount_fen[hit]),
        ]
        money += [False, False, True]
    unpaid = np.zeros(shape, dtype=np.int64)
    for number, begun in enumerate(line.periods):
        end = day_number(begun.end)
        approved = (days["approved"] != NEVER) & (days["approved"] <= end)
        is_paid = (days["paid"] != NEVER) & (days["paid"] <= end)
        waiting = np.flatnonzero(approved & ~is_paid)
        np.add.at(unpaid[:, number], row_of[waiting], drawn.amount_fen[waiting])
    wrong = np.flatnonzero((days["paid"] != NEVER) & is_wrong_fund(state))
    wrong_sums = sums(row_of[wrong], line.period_index(days["paid"][wrong]), *shape, weight=drawn.amount_fen[wrong])
    parts += [unpaid, wrong_sums]
    money += [True, True]
    for place, label in enumerate(labels):
        for number, begun in enumerate(line.periods):
            values = [int(part[place, number]) for part in parts]
            if any(values):
                shown = tuple(yuan(v) if is_money else v for v, is_money in zip(values, money, strict=True))
                table.add((begun.key, *label), shown)
