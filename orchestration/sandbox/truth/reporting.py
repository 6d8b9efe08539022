"""What arrived, what was refused, who is late: for a warehouse whose only pull is at the sandbox's clock."""

from __future__ import annotations

from orchestration.sandbox.deliveries import Deliveries
from orchestration.sandbox.drawing import Draw
from orchestration.sandbox.platforms import DUE_EVERY_PERIOD
from orchestration.sandbox.timeline import wall
from orchestration.sandbox.truth.tables import Table


def quarantine(world: Draw, counted: Deliveries) -> Table:
    table = Table(
        "rows that must be refused; a row with two reasons counts once for each",
        ("period_start", "sender_id", "feed", "reason"),
        ("rows_count",),
    )
    for (sender, feed, period, reason), rows in sorted(counted.refused.items()):
        table.add((world.line.periods[period].key, sender, feed, reason), (rows,))
    return table


def deliveries(world: Draw, counted: Deliveries) -> Table:
    table = Table(
        "rows delivered by the clock, repeats and refused ones included; a statement voided in a later period is a row",
        ("period_start", "sender_id", "feed"),
        ("delivered_rows_count", "quarantined_rows_count"),
    )
    for (sender, feed, period), rows in sorted(counted.rows.items()):
        refused = counted.refused_rows[sender, feed, period]
        table.add((world.line.periods[period].key, sender, feed), (rows, refused))
    return table


def reporting_timeliness(world: Draw, counted: Deliveries) -> Table:
    """Every due sender x feed x begun period. Everything arrives at the clock, so what was due before is late."""
    table = Table(
        "the mart reporting_timeliness after a single build at the clock",
        ("period_start", "sender_id", "feed"),
        ("status",),
    )
    due = [(spec.id, feed, spec.file_format is None) for spec in world.platforms for feed in spec.feeds]
    for bureau in world.bureaus:
        due += [
            (bureau.id, f, False) for f in bureau.feeds if f == "dispatch_reports" or (bureau.id, f) in DUE_EVERY_PERIOD
        ]
    for number, period in enumerate(world.line.periods):
        is_over = wall(period.closes_at) <= world.line.now
        is_due = wall(period.due_at) < world.line.now
        for sender, feed, is_pulled in due:
            rows = counted.rows[sender, feed, number]
            # A pull over HTTP receives a period once it has the whole of it, rows or none; a file when it is there.
            received = is_over if is_pulled else bool(rows)
            if not received:
                status = "missing" if is_due else "not_due"
            elif rows == counted.refused_rows[sender, feed, number]:
                status = "empty"
            else:
                status = "late" if is_due else "on_time"
            table.add((period.key, sender, feed), (status,))
    return table


def missing_senders(timeliness: Table) -> Table:
    """Who has not delivered what was due, by period."""
    table = Table("senders with a due feed that is missing", ("period_start", "sender_id"), ("feeds",))
    found: dict[tuple[str, str], list[str]] = {}
    for period, sender, feed, status in timeliness.rows:
        if status == "missing":
            found.setdefault((period, sender), []).append(feed)
    for key, feeds in sorted(found.items()):
        table.add(key, (feeds,))
    return table
