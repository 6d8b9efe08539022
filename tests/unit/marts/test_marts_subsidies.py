"""subsidy_progress against a look at every payment on every period's last day, on random small worlds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from statistics import median

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marts_sql import BEGUN, CADENCE, CLOCK, DAYS, FIRST_DAY, Compiled, World, period_of

NATION, PROVINCES = "000000", ("110000", "420000")
KINDS = ("claimed", "approved", "rejected", "paid", "recovered")


@dataclass(frozen=True)
class Payment:
    """Days as core gives them: those of steps that the newest state does not hold are None."""

    province_code: str
    payee_kind: str
    person_sk: int
    amount_cny: Decimal
    status: str
    claimed_on: date
    decides_after: int
    pays_after: int
    recovers_after: int
    overdue_after: int | None
    is_wrong_fund: bool
    is_matched: bool

    @property
    def days(self) -> dict[str, date | None]:
        decided = self.claimed_on + timedelta(days=self.decides_after)
        paid = decided + timedelta(days=self.pays_after)
        return {
            "claimed": self.claimed_on,
            "approved": decided if self.status in ("approved", "paid", "recovered") else None,
            "rejected": decided if self.status == "rejected" else None,
            "paid": paid if self.status in ("paid", "recovered") else None,
            "recovered": paid + timedelta(days=self.recovers_after) if self.status == "recovered" else None,
        }

    @property
    def overdue_on(self) -> date | None:
        return None if self.overdue_after is None else self.claimed_on + timedelta(days=self.overdue_after)


_payments = st.lists(
    st.builds(
        Payment,
        province_code=st.sampled_from(PROVINCES),
        payee_kind=st.sampled_from(["person", "person", "enterprise"]),
        person_sk=st.integers(1, 3),
        amount_cny=st.decimals(0, 3000, places=2),
        status=st.sampled_from(["claimed", "approved", "rejected", "paid", "recovered"]),
        claimed_on=st.integers(-4, len(DAYS)).map(lambda number: FIRST_DAY + timedelta(days=number)),
        decides_after=st.integers(0, 6),
        pays_after=st.integers(0, 6),
        recovers_after=st.integers(0, 4),
        overdue_after=st.none() | st.integers(1, 8),
        is_wrong_fund=st.booleans(),
        is_matched=st.booleans(),
    ),
    max_size=12,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payments=_payments)
def test_subsidy_progress_is_what_a_look_at_every_payment_gives(compiled: Compiled, payments: list[Payment]) -> None:
    found = _world(compiled, payments).rows(
        "subsidy_progress",
        *("period_start", "province_code"),
        *(f"{kind}_{measure}" for kind in KINDS for measure in ("persons", "count", "amount_cny")),
        *("unpaid_amount_cny", "median_days_claim_to_paid", "overdue_claims_count"),
        *("wrong_fund_amount_cny", "unmatched_amount_cny"),
    )
    expected = []
    for start, province in product(BEGUN, (NATION, *PROVINCES)):
        here = [one for one in payments if province in (NATION, one.province_code)]
        end = min(start + timedelta(days=CADENCE - 1), CLOCK.date())
        happened = {kind: [one for one in here if _happened_in(one.days[kind], start)] for kind in KINDS}
        owed = [one for one in here if _by(one.days["approved"], end) and not _by(one.days["paid"], end)]
        overdue = [
            one
            for one in here
            if _by(one.overdue_on, end) and not _by(one.days["paid"], end) and not _by(one.days["rejected"], end)
        ]
        if not any(happened.values()) and not _money(owed) and not overdue:
            continue
        paid = happened["paid"]
        row = (start, province)
        for kind in KINDS:
            persons = {one.person_sk for one in happened[kind] if one.payee_kind == "person"}
            row += (len(persons), len(happened[kind]), _money(happened[kind]))
        waits = [(one.days["paid"] - one.claimed_on).days for one in paid]
        row += (_money(owed), median(waits) if waits else None, len(overdue))
        row += (_money(paid, lambda one: one.is_wrong_fund), _money(paid, lambda one: not one.is_matched))
        expected.append(row)
    assert found == sorted(expected, key=lambda row: row[:2])


def _world(compiled: Compiled, payments: list[Payment]) -> World:
    world = World(compiled)
    keys = [{"sender_id": one.province_code, "payment_id": f"Y{number}"} for number, one in enumerate(payments)]
    world.put(
        "fct_subsidy_payment",
        *(
            key
            | {"province_code": one.province_code, "scheme": "training", "fund": "special_account"}
            | {"payee_kind": one.payee_kind, "person_sk": one.person_sk, "amount_cny": one.amount_cny}
            | {"status": one.status, "is_wrong_fund": one.is_wrong_fund}
            | {f"{kind}_on": day for kind, day in one.days.items()}
            for key, one in zip(keys, payments, strict=True)
        ),
    )
    world.put(
        "fct_payment_match",
        *(key | {"is_matched": one.is_matched} for key, one in zip(keys, payments, strict=True)),
    )
    world.put(
        "fct_claim_deadline",
        *(key | {"overdue_on": one.overdue_on} for key, one in zip(keys, payments, strict=True) if one.overdue_on),
    )
    return world


def _happened_in(day: date | None, start: date) -> bool:
    return day is not None and day <= CLOCK.date() and period_of(day) == start


def _by(day: date | None, end: date) -> bool:
    return day is not None and day <= end


def _money(payments: list[Payment], which: Callable[[Payment], bool] = lambda one: True) -> Decimal:
    return sum((one.amount_cny for one in payments if which(one)), Decimal("0.00"))
