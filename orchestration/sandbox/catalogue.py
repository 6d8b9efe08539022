"""What bureaus keep lists of: institutions, training projects, penalties."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.sandbox import identity
from orchestration.sandbox.courses import Courses
from orchestration.sandbox.people import People
from orchestration.sandbox.platforms import BureauSpec, PlatformSpec
from orchestration.sandbox.reference import occupations
from orchestration.sandbox.timeline import DAY, HOUR, NEVER, Timeline

PROJECT_KINDS = ("catalogue", "enterprise_online", "project_based")
CATALOGUE, ENTERPRISE, PROJECT_BASED = range(3)
CATALOGUE_PROJECTS, ENTERPRISE_PROJECTS, GROUP_PROJECTS = 110, 5, 2
OWN_INSTITUTIONS = 8
PENALISED_PLATFORMS = 6
INSTITUTION_KINDS = ("training", "evaluation", "platform_operator")
SUBJECT_KINDS = ("platform", "institution", "person")
REASONS = ("伪造学习记录", "违规发放证书", "虚报培训人数", "冒领补贴")


@dataclass(frozen=True)
class Projects:
    """One entry a training project. Days are day numbers, NEVER where there is none; money in fen."""

    bureau: np.ndarray
    project_id: np.ndarray
    kind: np.ndarray
    occupation: np.ndarray  # index, -1 = none
    grade: np.ndarray  # 0 = none
    institution_uscc: np.ndarray
    enterprise_uscc: np.ndarray
    is_affected: np.ndarray
    planned_learners: np.ndarray
    planned_fen: np.ndarray
    prepaid_percent: np.ndarray
    starts_on: np.ndarray
    ends_on: np.ndarray
    updated_at: np.ndarray


@dataclass(frozen=True)
class Institutions:
    bureau: np.ndarray
    uscc: np.ndarray
    kind: np.ndarray
    platform: np.ndarray  # index, -1 = none
    valid_from: np.ndarray
    valid_to: np.ndarray
    updated_at: np.ndarray


@dataclass(frozen=True)
class Penalties:
    bureau: np.ndarray
    subject_kind: np.ndarray
    subject_id: np.ndarray
    id_type: np.ndarray
    reason: np.ndarray
    decided_on: np.ndarray
    updated_at: np.ndarray


def draw_projects(
    rng: np.random.Generator,
    bureaus: tuple[BureauSpec, ...],
    courses: Courses,
    institutions: Institutions,
    line: Timeline,
) -> Projects:
    """Projects of each bureau; those of institutions are run by training bodies that the same bureau lists."""
    each = CATALOGUE_PROJECTS + ENTERPRISE_PROJECTS + GROUP_PROJECTS
    count = each * len(bureaus)
    bureau = np.repeat(np.arange(len(bureaus)), each)
    kind = np.tile(
        np.repeat([CATALOGUE, ENTERPRISE, PROJECT_BASED], [CATALOGUE_PROJECTS, ENTERPRISE_PROJECTS, GROUP_PROJECTS]),
        len(bureaus),
    )
    taught = np.unique(courses.occupation[courses.occupation >= 0])
    own = np.flatnonzero(institutions.platform < 0)  # as many for each bureau, in the bureaus' order
    bodies = institutions.uscc[own[bureau * OWN_INSTITUTIONS + rng.integers(0, OWN_INSTITUTIONS, count)]]
    planned = np.where(kind == CATALOGUE, 0, rng.integers(4, 60, count))
    is_affected = (kind == ENTERPRISE) & (rng.random(count) < 0.7)
    early = line.first_day - rng.integers(1, 60, count)
    starts = np.where(kind == CATALOGUE, early, line.first_day + rng.integers(0, 40, count))
    return Projects(
        bureau=bureau,
        project_id=np.array([f"XM{bureaus[b].id[:2]}{n:04d}" for n, b in enumerate(bureau.tolist())]),
        kind=kind,
        occupation=taught[(rng.integers(0, len(taught), len(bureaus))[bureau] + np.arange(count) % each) % len(taught)],
        grade=rng.choice(6, count, p=[0.75, 0.01, 0.03, 0.06, 0.07, 0.08]),
        institution_uscc=np.where(kind == ENTERPRISE, "", bodies),
        enterprise_uscc=np.where(kind == ENTERPRISE, identity.usccs(rng, count), ""),
        is_affected=is_affected,
        planned_learners=planned,
        planned_fen=planned * rng.integers(300, 900, count) * 100,
        prepaid_percent=np.where(is_affected, rng.choice([30, 40, 50], count), 0),
        starts_on=starts,
        ends_on=np.where(kind == CATALOGUE, NEVER, starts + rng.integers(20, 60, count)),
        updated_at=np.maximum(starts, line.first_day) * DAY + rng.integers(9 * HOUR, 18 * HOUR, count),
    )


def draw_institutions(
    rng: np.random.Generator, bureaus: tuple[BureauSpec, ...], specs: tuple[PlatformSpec, ...], line: Timeline
) -> Institutions:
    bureau, platform = np.divmod(np.arange(len(bureaus) * len(specs)), len(specs))
    listed = rng.random(len(bureau)) < 0.72
    own = np.repeat(np.arange(len(bureaus)), OWN_INSTITUTIONS)
    bureau = np.concatenate([bureau[listed], own])
    platform = np.concatenate([platform[listed], np.full(len(own), -1)])
    count = len(bureau)
    valid_from = line.first_day - rng.integers(0, 400, count)
    late = rng.random(count) < 0.15
    updated_day = np.where(
        late, line.first_day + rng.integers(14, 95, count), line.first_day + rng.integers(0, 3, count)
    )
    return Institutions(
        bureau=bureau,
        uscc=identity.usccs(rng, count),
        kind=np.where(platform >= 0, 2, rng.integers(0, 2, count)),
        platform=platform,
        valid_from=np.where(late, updated_day - rng.integers(0, 10, count), valid_from),
        valid_to=np.where(rng.random(count) < 0.06, line.first_day + rng.integers(40, 200, count), NEVER),
        updated_at=updated_day * DAY + rng.integers(9 * HOUR, 18 * HOUR, count),
    )


def draw_penalties(
    rng: np.random.Generator,
    bureaus: tuple[BureauSpec, ...],
    specs: tuple[PlatformSpec, ...],
    institutions: Institutions,
    people: People,
    line: Timeline,
) -> Penalties:
    count = 3 * len(bureaus)
    bureau = np.repeat(np.arange(len(bureaus)), 3)
    kind = np.tile([0, 1, 2], len(bureaus))
    persons = rng.integers(0, len(people), count)
    bodies = rng.integers(0, len(institutions.uscc), count)
    sites = rng.integers(len(specs) - PENALISED_PLATFORMS, len(specs), count)
    subject = np.select(
        [kind == 0, kind == 1],
        [np.array([spec.id for spec in specs])[sites], institutions.uscc[bodies]],
        people.id_number[persons].astype("U18"),
    )
    day = line.first_day + rng.integers(20, line.clock_day - line.first_day - 1, count)
    return Penalties(
        bureau=bureau,
        subject_kind=kind,
        subject_id=subject,
        id_type=np.where(kind == 2, people.id_type[persons], -1),
        reason=rng.integers(0, len(REASONS), count),
        decided_on=day,
        updated_at=day * DAY + rng.integers(9 * HOUR, 18 * HOUR, count),
    )


def occupation_codes() -> np.ndarray:
    return np.array(occupations()[0])
