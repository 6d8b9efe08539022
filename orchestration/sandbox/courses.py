"""The platforms' courses: what they teach, when they were open, what became of their review."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.sandbox.platforms import PlatformSpec
from orchestration.sandbox.reference import occupations
from orchestration.sandbox.timeline import DAY, HOUR, NEVER, Timeline

CATEGORIES = ("urgent_shortage", "large_workforce", "new_industry", "new_occupation_skill", "general_content")
MODES = ("live", "recorded", "interactive")
ZONES = ("", "hubei", "sanqu_sanzhou", "supervised_county")
REVIEWS = ("approved", "pending", "rejected")
HONOURS = ("", "全国技术能手", "中华技能大奖")
GENERAL = CATEGORIES.index("general_content")
NO_OCCUPATION, UNKNOWN_OCCUPATION = -1, -2
UNKNOWN_OCCUPATION_CODE = "9-99-99-99"
OCCUPATIONS_TAUGHT = 132
COURSES_A_PLATFORM = 24


@dataclass(frozen=True)
class Courses:
    """One entry a course; `version_*` one entry a version. Moments are wall seconds, NEVER where there is none."""

    platform: np.ndarray
    number: np.ndarray  # within the platform, from 1
    occupation: np.ndarray
    category: np.ndarray
    class_hours_tenths: np.ndarray
    grade: np.ndarray  # 0 = none
    mode: np.ndarray
    is_free: np.ndarray
    zone: np.ndarray
    free_until: np.ndarray  # day number or NEVER
    honour: np.ndarray
    published_at: np.ndarray
    version_course: np.ndarray
    version_at: np.ndarray
    version_review: np.ndarray
    version_withdrawn_at: np.ndarray

    def __len__(self) -> int:
        return len(self.platform)

    def ids(self) -> np.ndarray:
        return np.array([f"C{number:04d}" for number in self.number.tolist()])


def draw_courses(rng: np.random.Generator, specs: tuple[PlatformSpec, ...], line: Timeline) -> Courses:
    platform = np.repeat(np.arange(len(specs)), [COURSES_A_PLATFORM + max(0, 26 - spec.number) for spec in specs])
    count = len(platform)
    number = np.arange(count) - np.searchsorted(platform, platform, side="left") + 1
    _, _, categories = occupations()
    taught = np.sort(rng.permutation(len(categories))[:OCCUPATIONS_TAUGHT])
    # Each occupation is taught from a day of its own on, so that coverage grows; about half of them from the start.
    starts = np.where(
        rng.random(OCCUPATIONS_TAUGHT) < 0.45,
        line.first_day - 20,
        line.first_day + rng.integers(0, 95, OCCUPATIONS_TAUGHT),
    )
    pick = rng.integers(0, OCCUPATIONS_TAUGHT, count)
    kind = rng.choice(3, count, p=[0.86, 0.13, 0.01])  # an occupation, general content, a code nobody knows
    occupation = np.select([kind == 0, kind == 1], [taught[pick], NO_OCCUPATION], UNKNOWN_OCCUPATION)
    category = np.select(
        [kind == 0, kind == 1],
        [np.array([CATEGORIES.index(c) for c in categories])[taught[pick]], GENERAL],
        CATEGORIES.index("new_industry"),
    )
    published_day = starts[pick] + np.minimum(rng.geometric(0.06, count) - 1, 80)
    published_at = published_day * DAY + rng.integers(8 * HOUR, 20 * HOUR, count)
    free_until = np.where(rng.random(count) < 0.04, line.first_day + rng.integers(20, 110, count), NEVER)
    course, at, review, withdrawn = _versions(rng, published_at, line)
    return Courses(
        platform=platform,
        number=number,
        occupation=occupation,
        category=category,
        class_hours_tenths=rng.choice([20, 40, 60, 75, 80, 100, 120, 160, 200, 300, 400], count),
        grade=np.where(kind == 0, rng.choice(6, count, p=[0.25, 0.05, 0.08, 0.17, 0.2, 0.25]), 0),
        mode=rng.choice(3, count, p=[0.25, 0.6, 0.15]),
        is_free=rng.random(count) < 0.94,
        zone=rng.choice(4, count, p=[0.82, 0.07, 0.06, 0.05]),
        free_until=free_until,
        honour=rng.choice(3, count, p=[0.9, 0.08, 0.02]),
        published_at=published_at,
        version_course=course,
        version_at=at,
        version_review=review,
        version_withdrawn_at=withdrawn,
    )


def _versions(
    rng: np.random.Generator, published_at: np.ndarray, line: Timeline
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Course, moment, review status and withdrawal of every version: created, maybe decided, maybe withdrawn."""
    count = len(published_at)
    first = rng.choice(3, count, p=[0.80, 0.16, 0.04])
    created = published_at - rng.integers(0, 5 * DAY, count)
    decided = np.where(
        (first == 1) & (rng.random(count) < 0.7), created + DAY + rng.integers(0, 20 * DAY, count), NEVER
    )
    decision = np.where(rng.random(count) < 0.85, 0, 2)
    taken_down = np.where(rng.random(count) < 0.06, published_at + 10 * DAY + rng.integers(0, 60 * DAY, count), NEVER)
    everyone = np.arange(count)
    course = np.concatenate([everyone, everyone[decided != NEVER], everyone[taken_down != NEVER]])
    at = np.concatenate([created, decided[decided != NEVER], taken_down[taken_down != NEVER] + HOUR])
    is_decided = (decided[course] != NEVER) & (at >= decided[course])
    is_down = (taken_down[course] != NEVER) & (at > taken_down[course])
    kept = at < line.horizon
    order = np.lexsort((at[kept], course[kept]))
    return (
        course[kept][order],
        at[kept][order],
        np.where(is_decided, decision[course], first[course])[kept][order],
        np.where(is_down, taken_down[course], NEVER)[kept][order],
    )
