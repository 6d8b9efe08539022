"""The newest known state of everything at a moment, and what the counting rules make of each registration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.sandbox import courses, learning, payments
from orchestration.sandbox.drawing import Draw
from orchestration.sandbox.places import groups_of_codes
from orchestration.sandbox.registrations import VERIFIED
from orchestration.sandbox.timeline import DAY, NEVER, day_number
from orchestration.sources.feeds import GROUP_CODES

# What a code counts as beside itself (rule 7).
ROLLED: tuple[tuple[str, tuple[str, ...]], ...] = (
    *((code, ("KG06", "KG06A", "KG06B") if code == "KG06" else (code,)) for code in GROUP_CODES),
    ("any_key_group", tuple(code for code in GROUP_CODES if code != "KG99")),
)


def newest(key: np.ndarray, at: np.ndarray, count: int, now: int) -> np.ndarray:
    """For each of `count` keys the index of its newest version before `now`, -1 where none is known.

    Versions stand in the order (key, moment); no two versions of a key share a moment.
    """
    found = np.full(count, -1)
    known = np.flatnonzero(at < now)
    found[key[known]] = known  # a later assignment to the same key wins, and versions are in order of time
    return found


@dataclass(frozen=True)
class Known:
    """Which version of everything is known, -1 where none: mostly the newest just before one moment, but a class of
    change can be taken from another. Moments are wall seconds; the first four arrays run over registrations."""

    now: int
    groups: np.ndarray
    cancellation: np.ndarray
    real_name: np.ndarray
    place: np.ndarray
    certificate: np.ndarray
    record: np.ndarray
    course: np.ndarray
    payment: np.ndarray
    rosters_at: int
    registry_at: int


@dataclass(frozen=True)
class State:
    """What was known just before `now` (wall seconds). Arrays run over registrations unless they say otherwise."""

    world: Draw
    now: int
    registry_at: int
    version: np.ndarray  # -1: not known yet
    day: np.ndarray
    period: np.ndarray  # index, -1 outside the calendar; the running period included
    province: np.ndarray
    place: np.ndarray
    is_in_scope: np.ndarray  # known, within the action, the platform selected that day
    is_unselected: np.ndarray  # known, within the action, the platform not selected that day
    is_verified: np.ndarray
    is_active: np.ndarray
    is_counted: np.ndarray
    declared: np.ndarray  # bit mask over GROUP_CODES
    confirmed: np.ndarray  # bit mask over GROUP_CODES
    completed_at: np.ndarray  # wall seconds or NEVER
    course_version: np.ndarray  # over courses
    certificate_version: np.ndarray  # over certificates
    record_version: np.ndarray  # over learning records
    payment_version: np.ndarray  # over payments

    @property
    def counted(self) -> np.ndarray:
        """Indices of the counted registrations."""
        return np.flatnonzero(self.is_counted)

    @property
    def completed_period(self) -> np.ndarray:
        """Index of the period of completed_at, -1 where not completed or before the calendar."""
        periods = self.world.line.period_index(self.completed_at // DAY)
        return np.where(self.completed_at == NEVER, -1, periods)

    def masks(self, which: np.ndarray) -> dict[str, np.ndarray]:
        """Per group code (rolled ones and any_key_group included) whether `which` (declared, confirmed) says so."""
        return {code: (which & groups_of_codes(members)) != 0 for code, members in ROLLED}

    def active_records(self) -> np.ndarray:
        """Indices of the learning records whose newest state is active, dangling ones left out."""
        drawn = self.world.learning
        status = drawn.version_status[self.record_version]
        known = (self.record_version >= 0) & (status != learning.VOIDED) & (drawn.registration != learning.DANGLING)
        return np.flatnonzero(known)

    def unrevoked_certificates(self) -> np.ndarray:
        """Indices of the certificates known and not revoked, dangling ones left out."""
        drawn = self.world.certificates
        revoked = drawn.version_revoked_at[self.certificate_version]
        return np.flatnonzero((self.certificate_version >= 0) & (revoked == NEVER) & (drawn.registration >= 0))

    def payment_status(self) -> np.ndarray:
        """Over payments; -1 where unknown yet."""
        status = self.world.payments.version_status[self.payment_version]
        return np.where(self.payment_version >= 0, status, -1)


def state_at(world: Draw, now: int) -> State:
    return state_of(world, known_at(world, now))


def known_at(world: Draw, now: int) -> Known:
    """The newest versions just before `now`."""
    drawn, certificates, records = world.registrations, world.certificates, world.learning
    version = newest(drawn.version_registration, drawn.version_at, len(drawn), now)
    return Known(
        now=now,
        groups=version,
        cancellation=version,
        real_name=version,
        place=version,
        certificate=newest(certificates.version_certificate, certificates.version_at, len(certificates), now),
        record=newest(records.version_record, records.version_at, len(records), now),
        course=newest(world.courses.version_course, world.courses.version_at, len(world.courses), now),
        payment=newest(world.payments.version_payment, world.payments.version_at, len(world.payments), now),
        rosters_at=now,
        registry_at=now,
    )


def state_of(world: Draw, known: Known) -> State:
    drawn, line = world.registrations, world.line
    count = len(drawn)
    is_known = known.place >= 0
    day = drawn.registered_at // DAY
    place = drawn.version_place[known.place]
    selected = platform_selected(world, drawn.platform, day, known.registry_at)
    is_in_action = is_known & (day >= line.first_day) & (day <= line.last_day)
    is_in_scope = is_in_action & selected
    is_verified = drawn.version_real_name[known.real_name] == VERIFIED
    is_active = ~drawn.version_is_cancelled[known.cancellation]
    partial = State(
        world=world,
        now=known.now,
        registry_at=known.registry_at,
        version=known.place,
        day=day,
        period=line.period_index(day),
        province=world.places.province[place],
        place=place,
        is_in_scope=is_in_scope,
        is_unselected=is_in_action & ~selected,
        is_verified=is_verified,
        is_active=is_active,
        is_counted=is_in_scope & is_verified & is_active,
        declared=np.where(is_known, drawn.version_groups[known.groups], 0),
        confirmed=_confirmed(world, known.rosters_at, day),
        completed_at=np.full(count, NEVER),
        course_version=known.course,
        certificate_version=known.certificate,
        record_version=known.record,
        payment_version=known.payment,
    )
    partial.completed_at[:] = _completed_at(partial)
    return partial


def platform_selected(world: Draw, platform: np.ndarray, day: np.ndarray, registry_at: int | None = None) -> np.ndarray:
    """Whether each platform was selected on the day beside it, as the registry had it just before `registry_at` (by
    default the world's clock); both ends are inclusive."""
    moment = world.line.now if registry_at is None else registry_at
    selections = [spec.selection_at(moment) for spec in world.platforms]
    begins = np.array([day_number(each.selected_from) for each in selections])
    ends = np.array([day_number(each.selected_to) if each.selected_to else 10**9 for each in selections])
    return (begins[platform] <= day) & (day <= ends[platform])


def owners(world: Draw, provinces: list[str], registry_at: int) -> np.ndarray:
    """Over platforms: the index of the province that selected it, as the registry had it; -1 where none of them did."""
    chosen = [spec.selection_at(registry_at).selected_by for spec in world.platforms]
    return np.array([provinces.index(province) if province in provinces else -1 for province in chosen])


def _confirmed(world: Draw, now: int, day: np.ndarray) -> np.ndarray:
    """Rule 7: a current roster row of any bureau holds on the day of registration."""
    rosters = world.rosters
    current = newest(rosters.version_row, rosters.version_at, len(rosters), now)
    rows = np.flatnonzero(current >= 0)
    valid_to = rosters.version_valid_to[current[rows]]
    valid_to = np.where(valid_to == NEVER, 10**9, valid_to)
    confirmed = np.zeros(len(day), dtype=np.int64)
    by_person = np.argsort(world.registrations.person, kind="stable")
    persons = world.registrations.person[by_person]
    first = np.searchsorted(persons, rosters.person[rows], side="left")
    last = np.searchsorted(persons, rosters.person[rows], side="right")
    # Every roster row beside every registration of its person.
    row = np.repeat(np.arange(len(rows)), last - first)
    offset = np.arange(len(row)) - np.repeat(np.cumsum(last - first) - (last - first), last - first)
    registration = by_person[first[row] + offset]
    holds = (rosters.valid_from[rows][row] <= day[registration]) & (day[registration] <= valid_to[row])
    np.bitwise_or.at(confirmed, registration[holds], 1 << rosters.group[rows][row[holds]])
    return confirmed


def _completed_at(state: State) -> np.ndarray:
    """Rule 9: the latest of the earliest unrevoked certificate, the first active sign-in and the first active test."""
    world = state.world
    count = len(world.registrations)
    far = np.iinfo(np.int64).max

    def earliest(registration: np.ndarray, moment: np.ndarray) -> np.ndarray:
        found = np.full(count, far)
        np.minimum.at(found, registration, moment)
        return found

    valid = state.unrevoked_certificates()
    issued = earliest(world.certificates.registration[valid], world.certificates.issued_at[valid])
    active = state.active_records()
    kinds = world.learning.kind[active]
    firsts = [
        earliest(world.learning.registration[active[kinds == kind]], world.learning.started_at[active[kinds == kind]])
        for kind in (learning.SIGN_IN, learning.TEST)
    ]
    latest = np.maximum.reduce([issued, *firsts])
    return np.where(latest == far, NEVER, latest)


def open_courses(state: State, day: int, *, with_general: bool = False) -> np.ndarray:
    """Rule 6: mask over the courses open on `day`: newest state approved, free, published, not withdrawn.

    Whether the platform is selected is not part of it; general content only when asked for.
    """
    drawn = state.world.courses
    version = state.course_version
    withdrawn = drawn.version_withdrawn_at[version]
    return (
        (version >= 0)
        & (drawn.version_review[version] == courses.REVIEWS.index("approved"))
        & drawn.is_free
        & (with_general | (drawn.category != courses.GENERAL))
        & (drawn.published_at // DAY <= day)
        & ((withdrawn == NEVER) | (withdrawn // DAY > day))
        & ((drawn.free_until == NEVER) | (drawn.free_until >= day))
    )


def approved_on(state: State) -> np.ndarray:
    """Over payments: the day of approval for status approved, paid, recovered; NEVER otherwise."""
    drawn = state.world.payments
    decided = drawn.version_decided_on[state.payment_version]
    paid = drawn.version_paid_on[state.payment_version]
    status = state.payment_status()
    day = np.where(decided == NEVER, paid, decided)
    return np.where(np.isin(status, (payments.APPROVED, payments.PAID, payments.RECOVERED)), day, NEVER)


def paid_on(state: State) -> np.ndarray:
    """Over payments: the day of payment for status paid, recovered; NEVER otherwise."""
    paid = state.world.payments.version_paid_on[state.payment_version]
    return np.where(np.isin(state.payment_status(), (payments.PAID, payments.RECOVERED)), paid, NEVER)
