"""The registrations and everything that later changed about them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.sandbox.courses import Courses
from orchestration.sandbox.people import People
from orchestration.sandbox.places import Places
from orchestration.sandbox.platforms import PlatformSpec, weights
from orchestration.sandbox.timeline import DAY, HOUR, NEVER, Timeline, day_number

REGISTRATIONS_A_PERSON = 2.2
REAL_NAME = ("verified", "pending", "failed")
VERIFIED, PENDING, FAILED = 0, 1, 2
UNKNOWN_COURSE = -1
NO_PROJECT = -1


@dataclass(frozen=True)
class Registrations:
    """One entry a registration; `version_*` one entry a delivered version, in the order (registration, moment)."""

    platform: np.ndarray
    person: np.ndarray
    course: np.ndarray  # index into Courses, or UNKNOWN_COURSE
    registered_at: np.ndarray
    project: np.ndarray  # index into Projects, or NO_PROJECT
    version_registration: np.ndarray
    version_at: np.ndarray
    version_is_cancelled: np.ndarray
    version_real_name: np.ndarray
    version_place: np.ndarray
    version_groups: np.ndarray

    def __len__(self) -> int:
        return len(self.platform)

    def ids(self, specs: tuple[PlatformSpec, ...], seed: int) -> np.ndarray:
        """As each platform writes them; `seed` decides the UUIDs. An LRS knows a registration by a UUID only."""
        texts = np.array([f"R{number + 10_000_000:09d}" for number in range(len(self))], dtype=object)
        with_lrs = np.array([spec.learning_connector == "xapi" for spec in specs])[self.platform]
        words = np.random.default_rng([seed, 77]).integers(0, 2**32, (len(self), 3))
        for i in np.flatnonzero(with_lrs).tolist():
            a, b, c = words[i].tolist()
            texts[i] = f"{a:08x}-{b >> 16:04x}-4{b & 0xFFF:03x}-8{c & 0xFFF:03x}-{i:012x}"
        return texts.astype("U36")


def draw_registrations(
    rng: np.random.Generator,
    count: int,
    registered_people: int,
    people: People,
    places: Places,
    courses: Courses,
    specs: tuple[PlatformSpec, ...],
    line: Timeline,
) -> Registrations:
    platform = rng.choice(len(specs), count, p=weights(specs))
    # Everybody once, the rest of the registrations unevenly over them.
    more = (registered_people * rng.random(count - registered_people) ** 1.5).astype(np.int64)
    person = rng.permutation(rng.permutation(registered_people)[np.concatenate([np.arange(registered_people), more])])
    registered_at = _moments(rng, platform, specs, line)
    course = _courses(rng, platform, registered_at, courses, len(specs))
    lag = np.where(rng.random(count) < 0.03, rng.integers(8 * DAY, 26 * DAY, count), rng.integers(0, 900, count))
    first_at = registered_at + lag  # a late arrival is a row whose platform got round to it weeks later
    real_name = rng.choice(3, count, p=[0.85, 0.12, 0.03])

    def later(share: float, low: int, high: int, where: np.ndarray | bool = True) -> np.ndarray:
        hit = (rng.random(count) < share) & where
        return np.where(hit, first_at + HOUR + rng.integers(low * DAY, high * DAY, count), NEVER)

    cancelled = later(0.045, 0, 45)
    checked = later(0.75, 0, 24, real_name != VERIFIED)
    check_result = np.where(rng.random(count) < 0.9, VERIFIED, FAILED)
    moved = later(0.02, 0, 60)
    regrouped = later(0.012, 0, 60)
    touched = later(0.03, 0, 60)
    place = np.where(rng.random(count) < 0.92, people.home[person], places.draw(rng, count))
    new_place = places.draw(rng, count)
    declares = rng.random(count) < 0.8
    groups = np.where(declares, people.groups[person], 0)
    new_groups = people.groups[person]

    everyone = np.arange(count)
    events = [first_at, cancelled, checked, moved, regrouped, touched]
    of = np.concatenate([everyone[event != NEVER] for event in events])
    at = np.concatenate([event[event != NEVER] for event in events])
    kept = at < line.horizon
    pairs = np.unique(np.stack([of[kept], at[kept]], axis=1), axis=0)  # two events of one second make one version
    of, at = pairs[:, 0], pairs[:, 1]

    def by_then(event: np.ndarray) -> np.ndarray:
        return (event[of] != NEVER) & (at >= event[of])

    return Registrations(
        platform=platform,
        person=person,
        course=course,
        registered_at=registered_at,
        project=np.full(count, NO_PROJECT),
        version_registration=of,
        version_at=at,
        version_is_cancelled=by_then(cancelled),
        version_real_name=np.where(by_then(checked), check_result[of], real_name[of]),
        version_place=np.where(by_then(moved), new_place[of], place[of]),
        version_groups=np.where(by_then(regrouped), new_groups[of], groups[of]),
    )


def _moments(
    rng: np.random.Generator, platform: np.ndarray, specs: tuple[PlatformSpec, ...], line: Timeline
) -> np.ndarray:
    """Mostly while the platform was selected, with some before and after the action and outside the selection."""
    count = len(platform)
    selected_from = np.array([day_number(s.selected_from) for s in specs])[platform]
    selected_to = np.array([day_number(s.selected_to) if s.selected_to else line.last_day for s in specs])[platform]
    inside = (
        selected_from + (np.minimum(selected_to, line.last_day) - selected_from + 1) * rng.beta(1.25, 1.0, count) // 1
    )
    anywhere = line.first_day + (line.last_day - line.first_day + 1) * rng.random(count) // 1
    before = line.first_day - 1 - rng.integers(0, 20, count)
    after = line.last_day + 1 + rng.integers(0, 16, count)
    which = rng.choice(4, count, p=[0.965, 0.02, 0.006, 0.009])
    day = np.choose(which, [inside, anywhere, before, after]).astype(np.int64)
    seconds = np.where(
        rng.random(count) < 0.02,
        rng.integers(0, DAY, count),
        (8 * HOUR + 15 * HOUR * rng.beta(1.6, 1.4, count)).astype(np.int64),
    )
    edge = rng.random(count)
    seconds = np.where(edge < 0.002, 0, np.where(edge > 0.998, DAY - 1, seconds))  # the day's first and last second
    return day * DAY + seconds


def _courses(
    rng: np.random.Generator, platform: np.ndarray, registered_at: np.ndarray, courses: Courses, platform_count: int
) -> np.ndarray:
    """A course of the platform, mostly one that was published by then; a few name a course that nobody delivered."""
    first = np.searchsorted(courses.platform, np.arange(platform_count))
    size = np.bincount(courses.platform, minlength=platform_count)
    chosen = first[platform] + (size[platform] * rng.random(len(platform)) ** 1.6).astype(np.int64)
    for _ in range(3):
        early = courses.published_at[chosen] > registered_at
        again = first[platform] + (size[platform] * rng.random(len(platform)) ** 1.3).astype(np.int64)
        chosen = np.where(early, again, chosen)
    return np.where(rng.random(len(platform)) < 0.006, UNKNOWN_COURSE, chosen)
