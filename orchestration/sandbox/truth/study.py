"""Rule 8: study seconds of each registration and day, exact."""

from __future__ import annotations

import numpy as np

from orchestration.sandbox import learning
from orchestration.sandbox.timeline import DAY, HOUR, NEVER
from orchestration.sandbox.truth.state import State


def study_seconds(state: State) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Registration, day number and seconds; one entry a piece of study within one day (several a day may occur).

    Active study records with an end after their start, each cut to four hours, then the union per registration, then
    split at midnight.
    """
    drawn = state.world.learning
    records = state.active_records()
    ended = drawn.ended_at[records]
    is_study = (drawn.kind[records] == learning.STUDY) & (ended != NEVER) & (ended > drawn.started_at[records])
    records = records[is_study]
    cut = state.world.line.campaign.study_record_cut_hours * HOUR
    start = drawn.started_at[records]
    end = np.minimum(drawn.ended_at[records], start + cut)
    return split_at_midnight(*union(drawn.registration[records], start, end))


def union(owner: np.ndarray, start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Disjoint intervals [start, end) with the same union per owner as those given."""
    order = np.lexsort((start, owner))
    owner, start, end = owner[order], start[order], end[order]
    if not len(owner):
        return owner, start, end
    # Owners are laid out one after another on one axis, so that one running maximum serves them all.
    span = int(end.max() - start.min()) + 1
    shift = owner.astype(np.int64) * span - int(start.min())
    covered = np.maximum.accumulate(end + shift)
    covered_before = np.r_[np.int64(-1), covered[:-1]] - shift
    begin = np.maximum(start, covered_before)
    new = end > begin
    return owner[new], begin[new], end[new]


def split_at_midnight(
    owner: np.ndarray, start: np.ndarray, end: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Owner, day and seconds of intervals that are shorter than a day."""
    first_day = start // DAY
    last_day = (end - 1) // DAY
    midnight = (first_day + 1) * DAY
    crosses = last_day > first_day
    here = np.minimum(end, midnight) - start
    return (
        np.concatenate([owner, owner[crosses]]),
        np.concatenate([first_day, last_day[crosses]]),
        np.concatenate([here, (end - midnight)[crosses]]),
    )


def hours(seconds: int) -> str:
    """Seconds as hours with four places, half-up."""
    units = (int(seconds) * 10_000 * 2 + HOUR) // (2 * HOUR)
    return f"{units // 10_000}.{units % 10_000:04d}"
