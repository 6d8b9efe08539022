"""truth.json: every table of the truth, with what it is and at which clock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import orjson

from orchestration.sandbox import dispatch, learning
from orchestration.sandbox.deliveries import Deliveries
from orchestration.sandbox.drawing import Draw
from orchestration.sandbox.fraud.labels import supervision
from orchestration.sandbox.restatements import Restated, restatements
from orchestration.sandbox.timeline import NEVER, wall_datetime
from orchestration.sandbox.truth import coverage, groups, money, progress, reporting
from orchestration.sandbox.truth.bridge import reconciliation_bridge
from orchestration.sandbox.truth.state import State, state_at
from orchestration.sandbox.truth.tables import Table

STRUCTURE = (
    "tables: name -> {note, keys, columns, rows}; a row lists the keys' values, then the columns', in that order. Names"
    " and columns are those of the marts where a mart has them. Hours and money are text with their exact places. A"
    " table of a mart holds the rows that its note names; where the mart leaves out all-zero rows, so does the table."
)


def write_truth(
    path: Path,
    world: Draw,
    counted: Deliveries,
    reports: list[dispatch.Report],
    statement: str,
    restated: tuple[Restated, ...] = (),
) -> None:
    """Count everything at the world's clock and write it to `path`; the bridge where something was `restated`."""
    state = state_at(world, world.line.now)
    timeliness = reporting.reporting_timeliness(world, counted)
    tables: dict[str, Table] = {
        "target_progress": coverage.target_progress(state),
        "registration_progress": progress.registration_progress(state),
        "registration_daily": progress.registration_daily(state),
        "occupation_coverage": coverage.occupation_coverage(state),
        "occupation_counts": coverage.occupation_counts(state),
        "key_group_participation": groups.key_group_participation(state),
        "key_region_support": groups.key_region_support(state),
        "subsidy_progress": money.subsidy_progress(state),
        "reporting_timeliness": timeliness,
        "missing_senders": reporting.missing_senders(timeliness),
        "quarantine": reporting.quarantine(world, counted),
        "deliveries": reporting.deliveries(world, counted),
        "dispatch_reports": dispatch.reported(world, reports),
        "dispatch_filings": dispatch.filings(world, reports),
        "supervision": supervision(world),
    }
    if restated:
        tables["restatements"] = restatements(world, restated)
        tables["reconciliation_bridge"] = reconciliation_bridge(world, reports)
    document = {
        "statement": statement,
        "seed": world.seed,
        "clock": wall_datetime(world.line.now).isoformat(),
        "structure": STRUCTURE,
        "totals": totals(state),
        "tables": {name: table.as_json() for name, table in tables.items()},
    }
    path.write_bytes(orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE))


def totals(state: State) -> dict[str, Any]:
    """Single numbers: newest states known at the clock, before and after the filters."""
    world = state.world
    revoked = world.certificates.version_revoked_at[state.certificate_version] != NEVER
    known_certificates = state.certificate_version >= 0
    persons = world.registrations.person[state.counted]
    records = world.learning
    # Of a registration that nobody delivered, or has not delivered yet.
    is_known = (records.registration != learning.DANGLING) & (state.version[records.registration] >= 0)
    orphaned = (state.record_version >= 0) & ~is_known
    status = records.version_status[state.record_version]
    return {
        "courses": int((state.course_version >= 0).sum()),
        "registrations": int((state.version >= 0).sum()),
        "counted_registrations": len(persons),
        "counted_learners": len(np.unique(persons)),
        "completed_registrations": int((state.is_counted & (state.completed_period >= 0)).sum()),
        "learning_records": int((state.record_version >= 0).sum()),
        "voided_learning_records": int(((state.record_version >= 0) & (status == learning.VOIDED)).sum()),
        "orphaned_learning_records": int(orphaned.sum()),
        "certificates": int(known_certificates.sum()),
        "revoked_certificates": int((known_certificates & revoked).sum()),
        "reminders": int((world.reminders.updated_at < state.now).sum()),
        "subsidy_payments": int((state.payment_version >= 0).sum()),
    }
