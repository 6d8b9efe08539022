"""The learning records: sign-in, study, questions, tests, and what else platforms log."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.sandbox.certificates import Certificates
from orchestration.sandbox.platforms import PlatformSpec
from orchestration.sandbox.registrations import Registrations
from orchestration.sandbox.timeline import DAY, HOUR, NEVER, Timeline

KINDS = ("sign_in", "study", "question", "test", "other")
SIGN_IN, STUDY, QUESTION, TEST, OTHER = range(5)
FACE = ("passed", "failed", "none", "")
STATUS = ("active", "voided", "")
ACTIVE, VOIDED, UNSAID = 0, 1, 2
DANGLING = -1
CLASS_HOUR = 2_700  # 45 minutes, in seconds
SHORTEST_SITTING = 2 * HOUR
NO_SCORE = -1


@dataclass(frozen=True)
class Learning:
    """One entry a record; `version_*` one entry a delivered version, in the order (record, moment)."""

    platform: np.ndarray
    registration: np.ndarray  # index, or DANGLING
    kind: np.ndarray
    started_at: np.ndarray
    ended_at: np.ndarray  # or NEVER
    device: np.ndarray
    face: np.ndarray
    first_status: np.ndarray
    version_record: np.ndarray
    version_at: np.ndarray
    version_status: np.ndarray
    version_score: np.ndarray

    def __len__(self) -> int:
        return len(self.platform)


def draw_learning(
    rng: np.random.Generator,
    target: int,
    registrations: Registrations,
    is_certified: np.ndarray,
    certificates: Certificates,
    specs: tuple[PlatformSpec, ...],
    line: Timeline,
) -> Learning:
    """About `target` records. Who holds a certificate mostly signed in, studied and was tested before; most with one of
    middling length studied its hours, in sittings of their own before it was issued."""
    count = len(registrations)
    is_idle = (rng.random(count) < 0.3) & ~is_certified
    sittings, days_to_issue = _sittings(rng, registrations, certificates)
    slack = 0.975  # certified learners get some records on top, what falls past the horizon is left out
    mean: float = max(target * slack - sittings.sum() * 0.6, target * 0.5) / count
    base = np.where(is_idle, 0.0, np.where(is_certified, 1.0, 0.62))
    base /= max(base.mean(), 1e-9)
    rates = {SIGN_IN: 0.22, STUDY: 0.52, QUESTION: 0.09, TEST: 0.12, OTHER: 0.05}
    numbers = {code: rng.poisson(mean * share * base) for code, share in rates.items()}
    for code, share in ((SIGN_IN, 0.96), (TEST, 0.94), (STUDY, 0.97)):
        surely = is_certified & (rng.random(count) < share)
        numbers[code] = np.where(surely, np.maximum(numbers[code], 1), numbers[code])
    numbers[STUDY] = np.where(sittings > 0, sittings, numbers[STUDY])
    registration = np.concatenate([np.repeat(np.arange(count), numbers[code]) for code in rates])
    kind = np.concatenate([np.full(numbers[code].sum(), code) for code in rates])
    order = np.argsort(registration, kind="stable")
    registration, kind = registration[order], kind[order]
    started = _starts(rng, registrations.registered_at[registration], kind)
    ended = _ends(rng, started, kind)
    sat = np.flatnonzero((kind == STUDY) & (sittings[registration] > 0))
    started[sat], ended[sat] = _sit(rng, registration[sat], registrations.registered_at, sittings, days_to_issue)
    started, ended = _overlap(rng, registration, kind, started, ended)
    kept = (started >= 0) & (np.maximum(started, ended) < line.horizon)
    registration, kind, started, ended = registration[kept], kind[kept], started[kept], ended[kept]
    platform = registrations.platform[registration]
    has_lrs = np.array([spec.learning_connector == "xapi" for spec in specs])[platform]
    ended = np.where(has_lrs & (ended < started), NEVER, ended)  # a statement's duration can't be negative
    dangling = rng.random(len(kind)) < 0.002
    size = len(kind)
    version = _versions(rng, kind, has_lrs, np.maximum(started, ended), line)
    return Learning(
        platform=platform,
        registration=np.where(dangling, DANGLING, registration),
        kind=kind,
        started_at=started,
        ended_at=ended,
        device=registrations.person[registration] * 2 + (rng.random(size) < 0.2),
        face=rng.choice(4, size, p=[0.55, 0.04, 0.31, 0.10]),
        first_status=version[4],
        version_record=version[0],
        version_at=version[1],
        version_status=version[2],
        version_score=version[3],
    )


def _sittings(
    rng: np.random.Generator, registrations: Registrations, certificates: Certificates
) -> tuple[np.ndarray, np.ndarray]:
    """For each registration in how many sittings the learner studies the certificate's hours (0: not so), and the days
    from registering to the first certificate."""
    count = len(registrations)
    known = certificates.registration != DANGLING
    holder = certificates.registration[known]
    tenths = np.zeros(count, dtype=np.int64)
    np.maximum.at(tenths, holder, certificates.class_hours_tenths[known])
    issued = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(issued, holder, certificates.issued_at[known])
    days = np.where(tenths > 0, issued // DAY - registrations.registered_at // DAY, 0)
    needed = np.ceil(tenths / 10 * CLASS_HOUR / SHORTEST_SITTING).astype(np.int64)
    fits = (tenths >= 100) & (tenths <= 220) & (needed <= 2 * (days - 1))
    return np.where(fits & (rng.random(count) < 0.8), needed, 0), days


def _sit(
    rng: np.random.Generator,
    registration: np.ndarray,
    registered_at: np.ndarray,
    sittings: np.ndarray,
    days_to_issue: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Begin and end of each sitting, at most two a day, on the days between registering and the certificate.
    `registration` is sorted."""
    size = len(registration)
    number = np.arange(size) - np.searchsorted(registration, registration)
    day = 1 + number * (days_to_issue[registration] - 1) // np.maximum(sittings[registration], 1)
    start = (registered_at[registration] // DAY + day) * DAY + 8 * HOUR + (number % 2) * 6 * HOUR
    start += rng.integers(0, 2 * HOUR, size)
    return start, start + rng.integers(SHORTEST_SITTING, SHORTEST_SITTING + HOUR, size)


def _starts(rng: np.random.Generator, registered_at: np.ndarray, kind: np.ndarray) -> np.ndarray:
    size = len(kind)
    days = np.where(kind == SIGN_IN, rng.exponential(5, size), rng.exponential(11, size)).astype(np.int64)
    days = np.where(rng.random(size) < 0.012, -rng.integers(1, 6, size), days)  # before the registration
    hour = rng.random(size)
    second = np.where(
        hour < 0.9,
        7.5 * HOUR + 15 * HOUR * rng.beta(1.7, 1.5, size),
        np.where(hour < 0.97, 22.4 * HOUR + 1.59 * HOUR * rng.random(size), 6 * HOUR * rng.random(size)),
    ).astype(np.int64)
    started = (registered_at // DAY + days) * DAY + second
    same_day = days == 0
    return np.where(same_day, registered_at + 60 + rng.integers(0, 3 * HOUR, size), started)


def _ends(rng: np.random.Generator, started: np.ndarray, kind: np.ndarray) -> np.ndarray:
    size = len(kind)
    minutes = rng.gamma(2.4, 17, size) + 2
    shape = rng.random(size)
    seconds = (minutes * 60).astype(np.int64)
    seconds = np.where(shape < 0.03, 3 * HOUR + rng.integers(0, 5 * HOUR, size), seconds)  # some past the four-hour cut
    seconds = np.where(shape > 0.996, 4 * HOUR + rng.integers(-1, 2, size), seconds)  # and at its edge
    seconds = np.where((shape > 0.03) & (shape < 0.035), -rng.integers(0, 600, size), seconds)  # ends before it begins
    lasts = (kind == STUDY) | ((kind == TEST) & (shape > 0.5))
    return np.where(lasts & ~((shape > 0.035) & (shape < 0.045)), started + seconds, NEVER)


def _overlap(
    rng: np.random.Generator, registration: np.ndarray, kind: np.ndarray, started: np.ndarray, ended: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Some study records begin within the one before them, a few repeat its times to the second."""
    follows = np.zeros(len(kind), dtype=bool)
    follows[1:] = (
        (registration[1:] == registration[:-1]) & (kind[1:] == STUDY) & (kind[:-1] == STUDY) & (ended[:-1] != NEVER)
    )
    hit = np.flatnonzero(follows & (rng.random(len(kind)) < 0.06))
    shift = np.where(rng.random(len(hit)) < 0.15, 0, rng.integers(0, 1500, len(hit)))
    length = np.where(ended[hit] == NEVER, NEVER, ended[hit] - started[hit])
    started, ended = started.copy(), ended.copy()
    started[hit] = started[hit - 1] + shift
    ended[hit] = np.where(length == NEVER, NEVER, np.where(shift == 0, ended[hit - 1], started[hit] + length))
    return started, ended


def _versions(
    rng: np.random.Generator,
    kind: np.ndarray,
    has_lrs: np.ndarray,
    happened_at: np.ndarray,
    line: Timeline,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    size = len(kind)
    lag = np.where(rng.random(size) < 0.03, rng.integers(3 * DAY, 22 * DAY, size), rng.integers(0, 400, size))
    first_at = happened_at + lag
    score = np.where(kind == TEST, np.clip(rng.normal(74, 14, size), 0, 100).round().astype(np.int64), NO_SCORE)
    status = np.where(has_lrs, UNSAID, rng.choice([ACTIVE, UNSAID], size, p=[0.8, 0.2]))
    voided_at = np.where(rng.random(size) < 0.015, first_at + HOUR + rng.integers(0, 30 * DAY, size), NEVER)
    raised = (kind == TEST) & ~has_lrs & (rng.random(size) < 0.015)  # an LRS can't change a statement
    raised_at = np.where(raised, first_at + HOUR + rng.integers(0, 15 * DAY, size), NEVER)
    everyone = np.arange(size)
    of = np.concatenate([everyone, everyone[voided_at != NEVER], everyone[raised_at != NEVER]])
    at = np.concatenate([first_at, voided_at[voided_at != NEVER], raised_at[raised_at != NEVER]])
    kept = at < line.horizon
    pairs = np.unique(np.stack([of[kept], at[kept]], axis=1), axis=0)
    of, at = pairs[:, 0], pairs[:, 1]
    is_voided = (voided_at[of] != NEVER) & (at >= voided_at[of])
    is_raised = (raised_at[of] != NEVER) & (at >= raised_at[of])
    return (
        of,
        at,
        np.where(is_voided, VOIDED, status[of]),
        np.where(is_raised, np.minimum(score[of] + 12, 100), score[of]),
        status,
    )
