"""When files come: hold back what a sender has not put down yet, so that a warehouse can be built step by step.

A world is made with every file in place. `deliver` moves those that come after a moment out of the inboxes, and back
once their time has come; platforms over HTTP need nothing of the kind, since their rows are asked for by time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from orchestration.calendar import Period
from orchestration.sandbox.errors import SandboxError
from orchestration.sandbox.timeline import DAY, HOUR, Timeline, wall, wall_datetime

ARRIVALS = "arrivals.json"
INBOX = "inbox"
HELD = "held"
# Files that come days after the report was due: sender and period number.
LATE_FILES = {("P048", 3), ("P053", 6), ("P031", 5), ("420000", 4), ("320000", 6)}


def comes_at(line: Timeline, sender_id: str, period: Period) -> int:
    """When a sender's files on a period come (wall seconds): the evening after it, or just before the clock."""
    if (sender_id, period.number) in LATE_FILES:
        usual = wall(period.due_at) + 3 * DAY
    else:
        usual = wall(period.closes_at) + 20 * HOUR
    return min(usual, line.now - HOUR)


def write_arrivals(directory: Path, arrivals: Mapping[str, int]) -> None:
    moments = {path: wall_datetime(at).isoformat() for path, at in sorted(arrivals.items())}
    (directory / ARRIVALS).write_text(json.dumps(moments, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


def deliver(directory: Path, until: datetime) -> int:
    """Leave in the inboxes just the files that had come by `until`; how many these are. Raises SandboxError."""
    try:
        arrivals = json.loads((directory / ARRIVALS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SandboxError(f"{directory}: no {ARRIVALS} here; make a world first") from None
    delivered = 0
    for name, moment in arrivals.items():
        is_there = datetime.fromisoformat(moment) <= until
        delivered += is_there
        source, target = (HELD, INBOX) if is_there else (INBOX, HELD)
        path = directory / source / name
        if path.exists():
            goal = directory / target / name
            goal.parent.mkdir(parents=True, exist_ok=True)
            path.rename(goal)
    return delivered
