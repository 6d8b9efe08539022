"""Subsidy claims and payments: training, living allowance, projects, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.sandbox.catalogue import ENTERPRISE, Projects
from orchestration.sandbox.certificates import DANGLING, Certificates
from orchestration.sandbox.registrations import Registrations
from orchestration.sandbox.rosters import Rosters
from orchestration.sandbox.timeline import DAY, HOUR, NEVER, Timeline
from orchestration.sources.feeds import GROUP_CODES

SCHEMES = ("training", "living_allowance", "project_prepayment", "project_settlement")
TRAINING, ALLOWANCE, PREPAYMENT, SETTLEMENT = range(4)
FUNDS = ("special_account", "employment_fund")
SPECIAL_ACCOUNT, EMPLOYMENT_FUND = 0, 1
PAYEES = ("person", "enterprise", "institution")
PERSON, ENTERPRISE_PAYEE, INSTITUTION = range(3)
STATUSES = ("claimed", "approved", "rejected", "paid", "recovered")
CLAIMED, APPROVED, REJECTED, PAID, RECOVERED = range(5)
PAYMENTS_A_REGISTRATION = 16 / 60
ALLOWANCE_GROUPS = ("KG06A", "KG06B", "KG07", "KG08", "KG09")

# What most claim for: so much a class hour, up to a cap; what is due is another matter
ENOUGH_HOURS_TENTHS, USUAL_FEN_A_TENTH, USUAL_CAP_FEN = 100, 200, 80_000


@dataclass(frozen=True)
class Payments:
    """One entry a payment; `version_*` one entry a version. Days are day numbers or NEVER, money in fen."""

    bureau: np.ndarray
    scheme: np.ndarray
    fund: np.ndarray
    payee_kind: np.ndarray
    person: np.ndarray  # -1 = none
    payee_uscc: np.ndarray
    certificate_no: np.ndarray
    project: np.ndarray  # -1 = none
    amount_fen: np.ndarray
    place: np.ndarray  # -1 = the bureau's own code
    claimed_on: np.ndarray
    version_payment: np.ndarray
    version_at: np.ndarray
    version_status: np.ndarray
    version_decided_on: np.ndarray
    version_paid_on: np.ndarray
    version_recovered_on: np.ndarray

    def __len__(self) -> int:
        return len(self.bureau)

    def id_of(self, payment: int, bureau_id: str) -> str:
        return f"BT{bureau_id[:2]}{payment:07d}"

    def ids(self, bureau_ids: np.ndarray) -> np.ndarray:
        return np.array([self.id_of(n, bureau_ids[b]) for n, b in enumerate(self.bureau.tolist())])


def draw_payments(
    rng: np.random.Generator,
    registrations: Registrations,
    certificates: Certificates,
    rosters: Rosters,
    projects: Projects,
    bureau_of_place: np.ndarray,
    uscc_pool: np.ndarray,
    line: Timeline,
) -> Payments:
    total = int(len(registrations) * PAYMENTS_A_REGISTRATION)
    first_place = _first_places(registrations)
    parts = [
        _training(rng, int(total * 0.84), registrations, certificates, first_place, bureau_of_place, line),
        _allowances(rng, int(total * 0.15), registrations, rosters, first_place, bureau_of_place, line),
        _projects(rng, projects),
    ]
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    count = len(joined["bureau"])
    payee = np.where(
        joined["scheme"] >= PREPAYMENT,
        ENTERPRISE_PAYEE,
        np.where(joined["scheme"] == TRAINING, rng.choice(3, count, p=[0.82, 0.12, 0.06]), PERSON),
    )
    right_fund = np.where(joined["scheme"] == ALLOWANCE, EMPLOYMENT_FUND, SPECIAL_ACCOUNT)
    wrong = rng.random(count) < 0.006
    version = _versions(rng, joined["claimed_on"], line)
    project_uscc = np.where(joined["project"] >= 0, projects.enterprise_uscc[np.maximum(joined["project"], 0)], "")
    drawn_uscc = uscc_pool[rng.integers(0, len(uscc_pool), count)]
    return Payments(
        bureau=joined["bureau"],
        scheme=joined["scheme"],
        fund=np.where(wrong, 1 - right_fund, right_fund),
        payee_kind=payee,
        person=np.where(payee == PERSON, joined["person"], -1),
        payee_uscc=np.where(payee == PERSON, "", np.where(project_uscc != "", project_uscc, drawn_uscc)),
        certificate_no=joined["certificate_no"],
        project=joined["project"],
        amount_fen=joined["amount_fen"],
        place=joined["place"],
        claimed_on=joined["claimed_on"],
        version_payment=version[0],
        version_at=version[1],
        version_status=version[2],
        version_decided_on=version[3],
        version_paid_on=version[4],
        version_recovered_on=version[5],
    )


def _first_places(registrations: Registrations) -> np.ndarray:
    places = np.full(len(registrations), -1)
    of = registrations.version_registration
    is_first = np.r_[True, of[1:] != of[:-1]]
    places[of[is_first]] = registrations.version_place[is_first]
    return places


def _training(
    rng: np.random.Generator,
    count: int,
    registrations: Registrations,
    certificates: Certificates,
    first_place: np.ndarray,
    bureau_of_place: np.ndarray,
    line: Timeline,
) -> dict[str, np.ndarray]:
    registration = certificates.registration
    place = np.where(registration == DANGLING, -1, first_place[registration])
    claimed = certificates.issued_at // DAY + rng.integers(1, 22, len(certificates))
    in_calendar = (claimed >= line.first_day) & (claimed < line.clock_day)
    usable = np.flatnonzero((place >= 0) & (bureau_of_place[place] >= 0) & in_calendar)
    hours = certificates.class_hours_tenths
    weight = np.where(hours[usable] >= ENOUGH_HOURS_TENTHS, 8.0, 1.0)  # few claim for a certificate that is too short
    share = weight / weight.sum() if len(usable) else None
    chosen = np.sort(rng.choice(usable, min(count, len(usable)), replace=False, p=share))
    twice = chosen[rng.random(len(chosen)) < 1 / 150]  # the same certificate claimed again
    chosen = np.concatenate([chosen, twice])
    size = len(chosen)
    numbers = certificates.numbers()[chosen]
    person = registrations.person[registration[chosen]]
    stranger = rng.random(size) < 0.006
    return {
        "bureau": bureau_of_place[place[chosen]],
        "scheme": np.full(size, TRAINING),
        "person": np.where(stranger, rng.permutation(person), person),
        "certificate_no": np.where(rng.random(size) < 0.006, "ZS0000000000", numbers),
        "project": np.full(size, -1),
        "amount_fen": np.where(
            rng.random(size) < 0.85,
            np.minimum(hours[chosen] * USUAL_FEN_A_TENTH, USUAL_CAP_FEN),
            rng.choice([30000, 50000, 65000, 80000, 100000, 120050, 150000], size),
        ),
        "place": place[chosen],
        "claimed_on": claimed[chosen],
    }


def _allowances(
    rng: np.random.Generator,
    count: int,
    registrations: Registrations,
    rosters: Rosters,
    first_place: np.ndarray,
    bureau_of_place: np.ndarray,
    line: Timeline,
) -> dict[str, np.ndarray]:
    eligible = np.unique(rosters.person[np.isin(rosters.group, [GROUP_CODES.index(code) for code in ALLOWANCE_GROUPS])])
    candidates = np.flatnonzero(np.isin(registrations.person, eligible) & (first_place >= 0))
    candidates = candidates[bureau_of_place[first_place[candidates]] >= 0]
    claimed = registrations.registered_at[candidates] // DAY + rng.integers(10, 40, len(candidates))
    candidates, claimed = candidates[claimed < line.clock_day], claimed[claimed < line.clock_day]
    candidates, claimed = candidates[claimed >= line.first_day], claimed[claimed >= line.first_day]
    chosen = np.sort(rng.choice(len(candidates), min(count, len(candidates)), replace=False))
    registration, size = candidates[chosen], len(chosen)
    return {
        "bureau": bureau_of_place[first_place[registration]],
        "scheme": np.full(size, ALLOWANCE),
        "person": registrations.person[registration],
        "certificate_no": np.full(size, "", dtype="U13"),
        "project": np.full(size, -1),
        "amount_fen": rng.integers(1, 31, size) * rng.choice([2000, 3000, 5000], size),
        "place": first_place[registration],
        "claimed_on": claimed[chosen],
    }


def _projects(rng: np.random.Generator, projects: Projects) -> dict[str, np.ndarray]:
    online = np.flatnonzero(projects.kind == ENTERPRISE)
    prepaid = online[projects.is_affected[online] & (rng.random(len(online)) < 0.8)]
    settled = online[rng.random(len(online)) < 0.35]
    project = np.concatenate([prepaid, settled])
    is_prepaid = np.arange(len(project)) < len(prepaid)
    percent = np.where(is_prepaid, projects.prepaid_percent[project], 35)
    size = len(project)
    return {
        "bureau": projects.bureau[project],
        "scheme": np.where(is_prepaid, PREPAYMENT, SETTLEMENT),
        "person": np.full(size, -1),
        "certificate_no": np.full(size, "", dtype="U13"),
        "project": project,
        "amount_fen": projects.planned_fen[project] * percent // 100,
        "place": np.full(size, -1),
        "claimed_on": np.where(is_prepaid, projects.starts_on[project] + 2, projects.ends_on[project] + 3),
    }


def _versions(rng: np.random.Generator, claimed_on: np.ndarray, line: Timeline) -> tuple[np.ndarray, ...]:
    """Payment, moment, status and days of every version told by the clock."""
    count = len(claimed_on)
    decided = np.where(rng.random(count) < 0.9, claimed_on + rng.integers(1, 15, count), NEVER)
    rejected = rng.random(count) < 0.08
    paid = np.where(
        (decided != NEVER) & ~rejected & (rng.random(count) < 0.9), decided + rng.integers(1, 20, count), NEVER
    )
    recovered = np.where((paid != NEVER) & (rng.random(count) < 0.015), paid + rng.integers(10, 40, count), NEVER)
    undated = rng.random(count) < 0.02  # paid without a day of decision
    second = rng.integers(9 * HOUR, 12 * HOUR, count)
    everyone = np.arange(count)
    of, at, status = [], [], []
    for days, code in ((claimed_on, CLAIMED), (decided, APPROVED), (paid, PAID), (recovered, RECOVERED)):
        happened = days != NEVER
        of.append(everyone[happened])
        at.append((days * DAY + second + code)[happened])
        status.append(np.where(rejected & (code == APPROVED), REJECTED, code)[happened])
    payment, moment, state = (np.concatenate(part) for part in (of, at, status))
    kept = moment < line.now
    order = np.lexsort((moment[kept], payment[kept]))
    payment, moment, state = payment[kept][order], moment[kept][order], state[kept][order]
    is_decided = state >= APPROVED
    is_paid = state >= PAID
    hides = undated[payment] & is_paid
    return (
        payment,
        moment,
        state,
        np.where(is_decided & ~hides, decided[payment], NEVER),
        np.where(is_paid, paid[payment], NEVER),
        np.where(state == RECOVERED, recovered[payment], NEVER),
    )
