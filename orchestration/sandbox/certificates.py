"""Certificates (with revocations) and reminders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.sandbox.courses import Courses
from orchestration.sandbox.registrations import UNKNOWN_COURSE, Registrations
from orchestration.sandbox.timeline import DAY, HOUR, NEVER, Timeline

CERTIFICATES_A_REGISTRATION = 0.47
REMINDERS_A_REGISTRATION = 0.15
CHANNELS = ("sms", "app", "phone")
DANGLING = -1
NO_COST = -1


@dataclass(frozen=True)
class Certificates:
    """One entry a certificate; `version_*` one entry a version. Money in fen, class hours in tenths."""

    platform: np.ndarray
    registration: np.ndarray
    issued_at: np.ndarray
    class_hours_tenths: np.ndarray
    cost_fen: np.ndarray
    score: np.ndarray
    version_certificate: np.ndarray
    version_at: np.ndarray
    version_revoked_at: np.ndarray

    def __len__(self) -> int:
        return len(self.platform)

    def numbers(self) -> np.ndarray:
        return np.array([f"ZS2020{number:07d}" for number in range(len(self))], dtype="U13")


@dataclass(frozen=True)
class Reminders:
    platform: np.ndarray
    registration: np.ndarray
    sent_at: np.ndarray
    channel: np.ndarray
    updated_at: np.ndarray

    def __len__(self) -> int:
        return len(self.platform)


def draw_certified(rng: np.random.Generator, registrations: Registrations) -> np.ndarray:
    """Who will get a certificate: a mask over the registrations."""
    chance = CERTIFICATES_A_REGISTRATION * 1.19  # what falls after the horizon is left out
    return rng.random(len(registrations)) < chance


def draw_certificates(
    rng: np.random.Generator, registrations: Registrations, is_certified: np.ndarray, courses: Courses, line: Timeline
) -> Certificates:
    holders = np.flatnonzero(is_certified)
    count = len(holders)
    issued = registrations.registered_at[holders] // DAY * DAY + (3 + rng.gamma(2.2, 8.5, count)).astype(np.int64) * DAY
    issued += rng.integers(8 * HOUR, 22 * HOUR, count)
    revoked = np.where(rng.random(count) < 0.02, issued + DAY + rng.integers(0, 40 * DAY, count), NEVER)
    again = np.flatnonzero((revoked != NEVER) & (rng.random(count) < 0.5))  # issued anew after it was revoked
    extra = np.flatnonzero(rng.random(count) < 0.006)  # a second certificate of one registration
    registration = np.concatenate([holders, holders[again], holders[extra]])
    issued = np.concatenate([issued, revoked[again] + 2 * DAY, issued[extra] + 5 * DAY])
    revoked = np.concatenate([revoked, np.full(len(again) + len(extra), NEVER)])
    kept = issued < line.horizon
    registration, issued, revoked = registration[kept], issued[kept], revoked[kept]
    size = len(registration)
    course = registrations.course[registration]
    hours = np.where(course == UNKNOWN_COURSE, 80, courses.class_hours_tenths[np.maximum(course, 0)])
    first_at = issued + np.where(
        rng.random(size) < 0.03, rng.integers(5 * DAY, 20 * DAY, size), rng.integers(0, 3600, size)
    )
    revoked_told = np.where(revoked != NEVER, np.maximum(revoked, first_at) + HOUR, NEVER)
    everyone = np.arange(size)
    of = np.concatenate([everyone, everyone[revoked_told != NEVER]])
    at = np.concatenate([first_at, revoked_told[revoked_told != NEVER]])
    in_time = at < line.horizon
    of, at = of[in_time], at[in_time]
    order = np.lexsort((at, of))
    of, at = of[order], at[order]
    is_told = (revoked_told[of] != NEVER) & (at >= revoked_told[of])
    return Certificates(
        platform=registrations.platform[registration],
        registration=np.where(rng.random(size) < 0.002, DANGLING, registration),
        issued_at=issued,
        class_hours_tenths=np.where(rng.random(size) < 0.03, hours + 20, hours),
        cost_fen=np.where(rng.random(size) < 0.35, rng.integers(100, 900, size) * 100 + 50, NO_COST),
        score=rng.integers(60, 101, size),
        version_certificate=of,
        version_at=at,
        version_revoked_at=np.where(is_told, revoked[of], NEVER),
    )


def draw_reminders(
    rng: np.random.Generator, registrations: Registrations, sends: np.ndarray, line: Timeline
) -> Reminders:
    """`sends` says which platforms have that feed."""
    allowed = np.flatnonzero(sends[registrations.platform])
    registration = rng.choice(allowed, int(len(registrations) * REMINDERS_A_REGISTRATION))
    sent = registrations.registered_at[registration] // DAY * DAY + rng.integers(4, 30, len(registration)) * DAY
    sent += rng.integers(9 * HOUR, 20 * HOUR, len(registration))
    kept = sent < line.horizon - DAY
    registration, sent = registration[kept], sent[kept]
    return Reminders(
        platform=registrations.platform[registration],
        registration=registration,
        sent_at=sent,
        channel=rng.choice(3, len(registration), p=[0.6, 0.3, 0.1]),
        updated_at=sent + rng.integers(0, 60, len(registration)),
    )
