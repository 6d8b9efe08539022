"""Sessions at once of many persons: a sort of many rows leaves ties in any order, one of few as they came."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from uuid import UUID

from support.core_sql import DAYS, Compiled, World

PERSONS = 100
LIMIT_MINUTES = 5


def test_short_overlaps_on_two_platforms_and_two_devices_stay_apart(compiled_rules: Compiled) -> None:
    world = World(compiled_rules, {"concurrent_sessions": {"min_overlap_minutes": LIMIT_MINUTES}})
    draw = random.Random(20200323)
    persons = [draw.getrandbits(60) for _ in range(PERSONS)]
    world.put(
        "fct_registration",
        *(
            {
                "registration_sk": person + seat,
                "platform_id": f"P{seat}",
                "person_sk": person,
                "person_key": UUID(int=person),
            }
            for person in persons
            for seat in (0, 1)
        ),
    )
    records = [record for person in persons for record in _records(draw, person)]
    draw.shuffle(records)
    world.put("fct_learning_record", *records)
    assert world.signals("concurrent_sessions", "subject_id", "first_at", "last_at", "evidence") == []


def _records(draw: random.Random, person: int) -> list[dict[str, object]]:
    """Two sessions a day that share a few minutes: on two platforms, from two devices, or both; some days have none."""
    rows: list[dict[str, object]] = []
    for day in sorted(draw.sample(DAYS, draw.randint(1, len(DAYS)))):
        begins = datetime.combine(day, datetime.min.time()) + timedelta(hours=9, seconds=draw.randrange(30_000))
        shared = timedelta(minutes=draw.randint(1, LIMIT_MINUTES - 1))
        other_seat, other_device = draw.choice([(1, "a"), (0, "b"), (1, "b"), (1, "b")])
        for seat, device, start in ((0, "a", begins), (other_seat, other_device, begins + timedelta(hours=1) - shared)):
            rows.append(
                {
                    "registration_sk": person + seat,
                    "platform_id": f"P{seat}",
                    "record_id": f"L{person}-{len(rows)}",
                    "kind": "study",
                    "started_at": start,
                    "ended_at": start + timedelta(hours=1),
                    "device_id": device,
                    "is_active_record": True,
                }
            )
    return rows
