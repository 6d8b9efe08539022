"""The forecast of targets, held against what then came: series whose later days the model doesn't see."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import numpy as np
import pyarrow as pa
import pytest
from marts_sql import Compiled, World

FIRST_DAY = date(2020, 3, 23)
LAST_DAY = FIRST_DAY + timedelta(days=99)
KNOWN_DAYS = 42
SERIES = 200
# Weekends are quieter; the mean is 1
WEEK = np.array([1.15, 1.15, 1.1, 1.1, 1.05, 0.75, 0.7])


def drawn_series(seed: int, days: int = 320) -> np.ndarray:
    """Registrations a day, SERIES × days: a level of its own each, weekdays, and shocks that last for some days."""
    generator = np.random.default_rng(seed)
    levels = generator.uniform(8, 30, size=(SERIES, 1))
    shocks = generator.normal(0, 0.25, size=(SERIES, days))
    # The first as far from 0 as any other
    shocks[:, 0] /= np.sqrt(1 - 0.4**2)
    for day in range(1, days):
        shocks[:, day] += 0.4 * shocks[:, day - 1]
    return generator.poisson(levels * np.exp(shocks) * WEEK[np.arange(days) % 7])


def world_of(compiled: Compiled, daily: np.ndarray, targets: list[int], known_days: int = KNOWN_DAYS) -> World:
    """One province a series, with its registrations of the known days and a target of its own."""
    as_at = FIRST_DAY + timedelta(days=known_days - 1)
    world = World(compiled)
    world.empty("dim_campaign", "dim_period", "dim_day", "dim_platform")
    clock = datetime.combine(as_at, time(23, 59, 59))
    world.put("dim_campaign", {"first_day": FIRST_DAY, "last_day": LAST_DAY, "clock": clock, "clock_day": as_at})
    world.put(
        "dim_period",
        {"period_start": FIRST_DAY, "as_at": as_at, "is_begun": True, "is_in_action": True, "is_complete": True},
    )
    world.put("dim_day", *({"day": FIRST_DAY + timedelta(days=n), "is_in_action": True} for n in range(known_days)))
    names = [f"{number:06d}" for number in range(1, len(targets) + 1)]
    world.put(
        "dim_target",
        *(
            {"target_code": "registrations", "province_code": name, "target_value": target}
            for name, target in zip(names, targets, strict=True)
        ),
    )
    counted = pa.table(
        {
            "province_code": np.repeat(names, known_days),
            "day": np.tile(np.arange(known_days), len(names)),
            "registrations": daily[:, :known_days].ravel(),
        }
    )
    world.fill(
        "fct_registration",
        counted,
        f"""
        select
            province_code, true as is_counted, date '{FIRST_DAY}' + cast(day as integer) as registered_on,
            registered_on + interval 8 hour as registered_at
        from given, range(registrations)
        """,
    )
    return world


@pytest.mark.parametrize(("known_days", "median_width"), [(14, 21), (KNOWN_DAYS, 14)])
def test_four_in_five_of_the_intervals_hold_the_day_that_came(
    compiled: Compiled, known_days: int, median_width: int
) -> None:
    daily = drawn_series(seed=515)
    to_date = daily.cumsum(axis=1)
    # Between one and eleven weeks away at the pace so far
    weeks = np.random.default_rng(1).uniform(1, 11, SERIES)
    known = to_date[:, known_days - 1]
    targets = (known * (1 + weeks * 7 / known_days)).astype(int)
    came = [FIRST_DAY + timedelta(days=int((row < target).sum())) for row, target in zip(to_date, targets, strict=True)]
    world = world_of(compiled, daily, targets.tolist(), known_days)
    columns = ("province_code", "reached_from", "reached_on", "reached_to", "in_time_probability", "is_reached")
    found = world.rows("target_forecast", *columns)
    assert len(found) == SERIES
    assert not any(row[-1] for row in found)
    assert all(first <= middle <= last for _, first, middle, last, _, _ in found)
    held = [first <= day <= last for (_, first, _, last, _, _), day in zip(found, came, strict=True)]
    assert 0.7 <= np.mean(held) <= 0.9
    # Not by being wide
    assert np.median([(last - first).days for _, first, _, last, _, _ in found]) <= median_width
    # Neither too early nor too late
    assert 0.35 <= np.mean([day <= row[2] for row, day in zip(found, came, strict=True)]) <= 0.65
    in_time = np.array([day <= LAST_DAY for day in came])
    said = np.array([row[4] for row in found])
    assert np.mean((said - in_time) ** 2) < 0.15, "a coin would have 0.25"


def test_the_draws_are_the_same_on_each_run(compiled: Compiled) -> None:
    daily = drawn_series(seed=515)[:50]
    targets = daily[:, :100].sum(axis=1).tolist()
    world = world_of(compiled, daily, targets)
    columns = ("province_code", "reached_from", "reached_on", "reached_to", "in_time_probability")
    found = world.rows("target_forecast", *columns)
    assert len({row[-1] for row in found}) > 5
    assert found == world.rows("target_forecast", *columns)


@pytest.mark.parametrize(("missing", "days"), [(1, 1), (10, 1), (11, 2), (70, 7), (71, 8), (580, 58), (590, 59)])
def test_a_steady_series_goes_on_day_by_day(compiled: Compiled, missing: int, days: int) -> None:
    daily = np.full((1, KNOWN_DAYS), 10)
    world = world_of(compiled, daily, [10 * KNOWN_DAYS + missing])
    ((first, middle, last, probability, is_reached),) = world.rows(
        "target_forecast", "reached_from", "reached_on", "reached_to", "in_time_probability", "is_reached"
    )
    assert first == middle == last == FIRST_DAY + timedelta(days=KNOWN_DAYS - 1 + days)
    assert probability == (1 if days <= 58 else 0)
    assert not is_reached


@pytest.mark.parametrize("known_days", [1, 2, 9, 42])
def test_a_series_that_stands_still_never_arrives(compiled: Compiled, known_days: int) -> None:
    daily = np.zeros((1, known_days), dtype=int)
    daily[0, 0] = 5
    world = world_of(compiled, daily, [6], known_days)
    found = world.rows("target_forecast", "reached_from", "reached_on", "reached_to", "in_time_probability")
    assert found == [(None, None, None, None if known_days == 1 else 0)]


def test_a_reached_target_has_its_day_and_is_certain(compiled: Compiled) -> None:
    world = world_of(compiled, np.full((1, KNOWN_DAYS), 10), [95])
    found = world.rows(
        "target_forecast", "is_reached", "reached_from", "reached_on", "reached_to", "in_time_probability"
    )
    reached = FIRST_DAY + timedelta(days=9)
    assert found == [(True, reached, reached, reached, 1)]
