"""Records added by hand, one at a time, to a drawn world: few enough for plain Python, alike to the drawn ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from orchestration.sandbox import certificates, identity, learning, payments, registrations
from orchestration.sandbox.catalogue import CATALOGUE, Institutions, Projects
from orchestration.sandbox.certificates import Certificates
from orchestration.sandbox.drawing import Draw
from orchestration.sandbox.fraud.labels import Label
from orchestration.sandbox.learning import Learning
from orchestration.sandbox.payments import Payments
from orchestration.sandbox.people import People
from orchestration.sandbox.registrations import Registrations
from orchestration.sandbox.rosters import Rosters
from orchestration.sandbox.timeline import DAY, HOUR, NEVER
from orchestration.sources.feeds import GROUP_CODES

FIRST_DEVICE = 8_000_000  # no drawn person's device has so high a number
NOBODY = -1
NOTICE = 120  # seconds from an event to the version that tells of it

Part = TypeVar("Part", People, Registrations, Learning, Certificates, Projects, Institutions, Rosters, Payments)


class Injection:
    """Collects records; indices it gives are those of the world that `finished` returns."""

    def __init__(self, world: Draw, rng: np.random.Generator) -> None:
        self.world = world
        self.rng = rng
        self.labels: list[Label] = []
        self._people: list[tuple[str, int, int]] = []  # number, home, groups
        self._registrations: list[tuple[int, int, int, int, int, int]] = []
        self._records: list[tuple[int, int, int, int, int, int]] = []
        self._record_versions: list[tuple[int, int, int]] = []
        self._certificates: list[tuple[int, int, int, int, int]] = []
        self._claims: list[tuple[Any, ...]] = []
        self._claim_versions: list[tuple[int, int, int, int, int, int]] = []
        self._rosters: list[tuple[int, int, int, int, int]] = []
        self._projects: list[tuple[Any, ...]] = []
        self._institutions: list[tuple[int, int, int]] = []
        self._numbers = set(world.people.id_number.tolist())
        self._next_device = FIRST_DEVICE
        self._bureau = {bureau.id: index for index, bureau in enumerate(world.bureaus)}

    def label(
        self, rule_id: str, scheme: str, subject_kind: str, subject: int, *, is_fraud: bool, day: int | None = None
    ) -> None:
        self.labels.append(Label(rule_id, scheme, is_fraud, subject_kind, int(subject), day))

    def person(self, home: int, *, age: int | None = None, is_man: bool | None = None) -> int:
        """Somebody new; by default of 22 to 50. `age` is that of the birth year in the year of the action."""
        rng = self.rng
        age = int(rng.integers(22, 51)) if age is None else age
        is_man = bool(rng.random() < 0.5) if is_man is None else is_man
        year = self.world.line.campaign.first_day.year - age
        while True:
            birthday = year * 10_000 + int(rng.integers(1, 13)) * 100 + int(rng.integers(1, 29))
            area = self.world.places.draw_birth_areas(rng, 1)
            sequence = np.array([int(rng.integers(0, 499)) * 2 + is_man])
            number = str(identity.id_numbers(area, np.array([birthday]), sequence)[0])
            if number not in self._numbers:
                break
        self._numbers.add(number)
        self._people.append((number, home, 0))
        return len(self.world.people) + len(self._people) - 1

    def device(self) -> int:
        self._next_device += 1
        return self._next_device

    def home_of(self, person: int) -> int:
        drawn = len(self.world.people)
        return int(self.world.people.home[person]) if person < drawn else self._people[person - drawn][1]

    def bureau_of(self, place: int) -> int:
        return self._bureau[str(self.world.places.province[place])]

    def registration(self, person: int, course: int, at: int, *, project: int = registrations.NO_PROJECT) -> int:
        """A verified, active registration on the course's platform."""
        platform = int(self.world.courses.platform[course])
        self._registrations.append((platform, person, course, int(at), project, self.home_of(person)))
        return len(self.world.registrations) + len(self._registrations) - 1

    def registered(self, registration: int) -> tuple[int, int, int, int, int, int]:
        """Platform, person, course, moment, project and place of a registration made here."""
        return self._registrations[registration - len(self.world.registrations)]

    def record(
        self,
        registration: int,
        kind: int,
        start: int,
        length: int | None = None,
        *,
        device: int | None = None,
        face: str = "none",
        score: int = learning.NO_SCORE,
    ) -> int:
        """A learning record of `length` seconds (None: no end), told soon after."""
        person = self.registered(registration)[1]
        end = NEVER if length is None else int(start) + int(length)
        used = person * 2 if device is None else device
        self._records.append((registration, kind, int(start), int(end), used, learning.FACE.index(face)))
        record = len(self.world.learning) + len(self._records) - 1
        self.rescore(record, max(int(start), int(end)) + NOTICE, score)
        return record

    def rescore(self, record: int, at: int, score: int) -> None:
        """A later version of a record."""
        self._record_versions.append((record, int(at), int(score)))

    def certificate(self, registration: int, at: int, *, told: int | None = None) -> int:
        """A certificate over the course's class hours, told soon after (or at `told`)."""
        course = self.registered(registration)[2]
        hours = int(self.world.courses.class_hours_tenths[course])
        self._certificates.append(
            (registration, int(at), hours, int(self.rng.integers(60, 100)), int(at) + NOTICE if told is None else told)
        )
        return len(self.world.certificates) + len(self._certificates) - 1

    def claim(
        self,
        person: int,
        claimed_on: int,
        amount_fen: int,
        *,
        bureau: int | None = None,
        scheme: int = payments.TRAINING,
        certificate: int | None = None,
        certificate_no: str = "",
        is_wrong_fund: bool = False,
        payee_uscc: str = "",
        end: int = payments.PAID,
        decided_after: int = 3,
    ) -> int:
        """A claim that ends as paid, rejected or so; `payee_uscc` makes it a body's, without a person."""
        home = self.home_of(person)
        fund = payments.EMPLOYMENT_FUND if scheme == payments.ALLOWANCE else payments.SPECIAL_ACCOUNT
        number = certificate_no if certificate is None else f"ZS2020{certificate:07d}"
        self._claims.append(
            (
                self.bureau_of(home) if bureau is None else bureau,
                scheme,
                1 - fund if is_wrong_fund else fund,
                payments.ENTERPRISE_PAYEE if payee_uscc else payments.PERSON,
                NOBODY if payee_uscc else person,
                payee_uscc,
                number,
                int(amount_fen),
                home,
                int(claimed_on),
            )
        )
        claim = len(self.world.payments) + len(self._claims) - 1
        self._tell_claim(claim, int(claimed_on), end, decided_after)
        return claim

    def _tell_claim(self, claim: int, claimed_on: int, end: int, decided_after: int) -> None:
        decided = claimed_on + decided_after
        paid, recovered = decided + 4, decided + 14
        steps = {
            payments.CLAIMED: [payments.CLAIMED],
            payments.APPROVED: [payments.CLAIMED, payments.APPROVED],
            payments.REJECTED: [payments.CLAIMED, payments.REJECTED],
            payments.PAID: [payments.CLAIMED, payments.APPROVED, payments.PAID],
            payments.RECOVERED: [payments.CLAIMED, payments.APPROVED, payments.PAID, payments.RECOVERED],
        }[end]
        day = {
            payments.CLAIMED: claimed_on,
            payments.APPROVED: decided,
            payments.REJECTED: decided,
            payments.PAID: paid,
            payments.RECOVERED: recovered,
        }
        for status in steps:
            at = day[status] * DAY + 10 * HOUR + status
            if at < self.world.line.now:
                self._claim_versions.append(
                    (
                        claim,
                        at,
                        status,
                        decided if status >= payments.APPROVED else int(NEVER),
                        paid if status >= payments.PAID else int(NEVER),
                        recovered if status == payments.RECOVERED else int(NEVER),
                    )
                )

    def roster(self, person: int, group: str, valid_from: int) -> None:
        """The bureau of the person's home lists them, open-ended, and tells so in the days after."""
        told = max(valid_from, self.world.line.first_day) * DAY + 11 * HOUR
        self._rosters.append(
            (self.bureau_of(self.home_of(person)), person, GROUP_CODES.index(group), int(valid_from), told)
        )

    def project(self, bureau: int, kind: int, starts_on: int, ends_on: int | None, *, occupation: int = -1) -> int:
        """A training project; of the catalogue when `kind` says so, for any grade."""
        self._projects.append((bureau, kind, occupation, int(starts_on), NEVER if ends_on is None else int(ends_on)))
        return len(self.world.projects.bureau) + len(self._projects) - 1

    def listed(self, bureau: int, platform: int, occupation: int, valid_from: int) -> None:
        """Platform and occupation stand in the bureau's catalogues from that day on."""
        self._institutions.append((bureau, platform, int(valid_from)))
        self.project(bureau, CATALOGUE, valid_from, None, occupation=occupation)

    def finished(self) -> Draw:
        """The world with everything added."""
        world = self.world
        return replace(
            world,
            people=self._more_people(),
            registrations=self._more_registrations(),
            employer_uscc=np.concatenate([world.employer_uscc, np.full(len(self._registrations), "")]),
            learning=self._more_learning(),
            certificates=self._more_certificates(),
            projects=self._more_projects(),
            institutions=self._more_institutions(),
            rosters=self._more_rosters(),
            payments=self._more_payments(),
            labels=(*world.labels, *self.labels),
        )

    def _more_people(self) -> People:
        drawn, added = self.world.people, self._people
        numbers, homes, groups = _columns(added, 3)
        count = len(added)
        return _extended(
            drawn,
            id_type=np.full(count, identity.RESIDENT),
            id_number=numbers,
            name=identity.names(self.rng, count),
            phone=identity.phones(self.rng, count),
            home=homes,
            groups=groups,
        )

    def _more_registrations(self) -> Registrations:
        platform, person, course, at, project, place = _columns(self._registrations, 6)
        count = len(self._registrations)
        return _extended(
            self.world.registrations,
            platform=platform,
            person=person,
            course=course,
            registered_at=at,
            project=project,
            version_registration=np.arange(count) + len(self.world.registrations),
            version_at=at + NOTICE,
            version_is_cancelled=np.zeros(count, dtype=bool),
            version_real_name=np.full(count, registrations.VERIFIED),
            version_place=place,
            version_groups=np.zeros(count, dtype=np.int64),
        )

    def _more_learning(self) -> Learning:
        registration, kind, start, end, device, face = _columns(self._records, 6)
        record, at, score = _columns(sorted(self._record_versions), 3)
        platforms = np.array([row[0] for row in self._registrations])
        count = len(self._records)
        return _extended(
            self.world.learning,
            platform=platforms[registration - len(self.world.registrations)],
            registration=registration,
            kind=kind,
            started_at=start,
            ended_at=end,
            device=device,
            face=face,
            first_status=np.full(count, learning.ACTIVE),
            version_record=record,
            version_at=at,
            version_status=np.full(len(record), learning.ACTIVE),
            version_score=score,
        )

    def _more_certificates(self) -> Certificates:
        registration, issued, hours, score, told = _columns(self._certificates, 5)
        platforms = np.array([row[0] for row in self._registrations])
        count = len(self._certificates)
        return _extended(
            self.world.certificates,
            platform=platforms[registration - len(self.world.registrations)],
            registration=registration,
            issued_at=issued,
            class_hours_tenths=hours,
            cost_fen=np.full(count, certificates.NO_COST),
            score=score,
            version_certificate=np.arange(count) + len(self.world.certificates),
            version_at=told,
            version_revoked_at=np.full(count, NEVER),
        )

    def _more_projects(self) -> Projects:
        bureau, kind, occupation, starts, ends = _columns(self._projects, 5)
        drawn, count = self.world.projects, len(self._projects)
        is_catalogue = kind == CATALOGUE
        first = len(drawn.bureau)
        told = np.maximum(starts, self.world.line.first_day) * DAY + 10 * HOUR
        return _extended(
            drawn,
            bureau=bureau,
            project_id=np.array(
                [f"XM{self.world.bureaus[b].id[:2]}{first + n:04d}" for n, b in enumerate(bureau.tolist())]
            ),
            kind=kind,
            occupation=occupation,
            grade=np.zeros(count, dtype=np.int64),
            institution_uscc=identity.usccs(self.rng, count),
            enterprise_uscc=np.full(count, ""),
            is_affected=np.zeros(count, dtype=bool),
            planned_learners=np.where(is_catalogue, 0, 20),
            planned_fen=np.where(is_catalogue, 0, 20 * 50_000),
            prepaid_percent=np.zeros(count, dtype=np.int64),
            starts_on=starts,
            ends_on=ends,
            updated_at=told,
        )

    def _more_institutions(self) -> Institutions:
        bureau, platform, valid_from = _columns(self._institutions, 3)
        count = len(self._institutions)
        return _extended(
            self.world.institutions,
            bureau=bureau,
            uscc=identity.usccs(self.rng, count),
            kind=np.full(count, 2),
            platform=platform,
            valid_from=valid_from,
            valid_to=np.full(count, NEVER),
            updated_at=np.maximum(valid_from, self.world.line.first_day) * DAY + 10 * HOUR,
        )

    def _more_rosters(self) -> Rosters:
        bureau, person, group, valid_from, told = _columns(self._rosters, 5)
        count = len(self._rosters)
        return _extended(
            self.world.rosters,
            bureau=bureau,
            person=person,
            group=group,
            valid_from=valid_from,
            version_row=np.arange(count) + len(self.world.rosters),
            version_at=told,
            version_valid_to=np.full(count, NEVER),
        )

    def _more_payments(self) -> Payments:
        names: tuple[str, ...] = ("bureau", "scheme", "fund", "payee_kind", "person", "payee_uscc", "certificate_no")
        names += ("amount_fen", "place", "claimed_on")
        added = dict(zip(names, _columns(self._claims, len(names)), strict=True))
        claim, at, status, decided, paid, recovered = _columns(self._claim_versions, 6)
        return _extended(
            self.world.payments,
            **added,
            project=np.full(len(self._claims), -1),
            version_payment=claim,
            version_at=at,
            version_status=status,
            version_decided_on=decided,
            version_paid_on=paid,
            version_recovered_on=recovered,
        )


def _columns(rows: list[Any], width: int) -> list[np.ndarray]:
    """Rows as columns; of no rows, empty columns of whole numbers."""
    if not rows:
        return [np.array([], dtype=np.int64) for _ in range(width)]
    return [np.array(column) for column in zip(*rows, strict=True)]


def _extended(drawn: Part, **added: np.ndarray) -> Part:
    """A part of the world with more entries at the end of each of its arrays."""
    return replace(drawn, **{name: np.concatenate([getattr(drawn, name), more]) for name, more in added.items()})
