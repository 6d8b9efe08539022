"""The bureaus' rosters of who belongs to a key group, from when to when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.sandbox.people import People
from orchestration.sandbox.places import Places
from orchestration.sandbox.platforms import BureauSpec
from orchestration.sandbox.timeline import DAY, HOUR, NEVER, Timeline
from orchestration.sources.feeds import GROUP_CODES

LISTED_SHARE = 0.45
UNLISTED_GROUPS = ("KG99", "KG06")  # a roster names the sub-group


@dataclass(frozen=True)
class Rosters:
    """One entry a roster row (bureau, person, group, valid_from), `version_*` one a version. Days are day numbers."""

    bureau: np.ndarray
    person: np.ndarray
    group: np.ndarray  # index into GROUP_CODES
    valid_from: np.ndarray
    version_row: np.ndarray
    version_at: np.ndarray
    version_valid_to: np.ndarray

    def __len__(self) -> int:
        return len(self.bureau)


def bureau_of_place(places: Places, bureaus: tuple[BureauSpec, ...]) -> np.ndarray:
    """The bureau's index for each place, -1 where there is none."""
    index = {bureau.id: number for number, bureau in enumerate(bureaus)}
    return np.array([index.get(province, -1) for province in places.province.tolist()])


def draw_rosters(
    rng: np.random.Generator, people: People, places: Places, bureaus: tuple[BureauSpec, ...], line: Timeline
) -> Rosters:
    bureau_of = bureau_of_place(places, bureaus)
    person, group = np.nonzero((people.groups[:, None] >> np.arange(len(GROUP_CODES))) & 1)
    listed = (rng.random(len(person)) < LISTED_SHARE) & ~np.isin(group, [GROUP_CODES.index(c) for c in UNLISTED_GROUPS])
    person, group = person[listed], group[listed]
    bureau = bureau_of[people.home[person]]
    moved = np.flatnonzero(rng.random(len(person)) < 0.02)  # listed by a second bureau too
    person = np.concatenate([person, person[moved]])
    group = np.concatenate([group, group[moved]])
    bureau = np.concatenate([bureau, rng.integers(0, len(bureaus), len(moved))])
    person, group, bureau = person[bureau >= 0], group[bureau >= 0], bureau[bureau >= 0]
    count = len(person)
    old = rng.random(count) < 0.65
    valid_from = np.where(
        old, line.first_day - rng.integers(0, 500, count), line.first_day + rng.integers(0, 95, count)
    )
    valid_to = np.where(
        rng.random(count) < 0.15, np.maximum(valid_from, line.first_day) + rng.integers(0, 80, count), NEVER
    )
    told_day = np.where(old & (rng.random(count) < 0.8), line.first_day + rng.integers(0, 4, count),
                        np.maximum(valid_from, line.first_day) + rng.integers(0, 30, count))  # fmt: skip
    told = told_day * DAY + rng.integers(9 * HOUR, 18 * HOUR, count)
    ended = np.where(rng.random(count) < 0.03, told + DAY + rng.integers(0, 50 * DAY, count), NEVER)
    everyone = np.arange(count)
    of = np.concatenate([everyone, everyone[ended != NEVER]])
    at = np.concatenate([told, ended[ended != NEVER]])
    is_ended = (ended[of] != NEVER) & (at >= ended[of])
    ended_to = np.maximum(ended // DAY - 1, valid_from)
    kept = at < line.now
    order = np.lexsort((at[kept], of[kept]))
    return Rosters(
        bureau=bureau,
        person=person,
        group=group,
        valid_from=valid_from,
        version_row=of[kept][order],
        version_at=at[kept][order],
        version_valid_to=np.where(is_ended, ended_to[of], valid_to[of])[kept][order],
    )
