"""Which runs land or build anything, and how they stand: what the sensors ask before they act."""

from __future__ import annotations

from datetime import datetime

from dagster import DagsterInstance, DagsterRunStatus, RunRecord, RunsFilter

from orchestration.assets.landing import is_landing
from orchestration.jobs import BUILD_JOB, LAND_JOB
from orchestration.launchpad import LANDING, REBUILD

ENDED = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]
GOING_ON = [status for status in DagsterRunStatus if status not in ENDED]
_RUNS_LOOKED_AT = 200


def is_landing_run(record: RunRecord) -> bool:
    """Whether a run landed anything, by its job or by the assets chosen for it."""
    run = record.dagster_run
    chosen = run.asset_selection or ()
    return run.job_name in (*LAND_JOB.values(), *LANDING) or any(is_landing(key) for key in chosen)


def landing_runs(
    instance: DagsterInstance, statuses: list[DagsterRunStatus], updated_after: datetime | None = None
) -> list[RunRecord]:
    """The newest landing runs of some statuses."""
    found = instance.get_run_records(RunsFilter(statuses=statuses, updated_after=updated_after), limit=_RUNS_LOOKED_AT)
    return [record for record in found if is_landing_run(record)]


def builds_going_on(instance: DagsterInstance) -> list[RunRecord]:
    """Runs that build the marts and have not ended, those still in the queue included."""
    return [
        record
        for job in (BUILD_JOB, REBUILD)
        for record in instance.get_run_records(RunsFilter(job_name=job, statuses=GOING_ON))
    ]


def names_of(records: list[RunRecord]) -> str:
    """A few runs by name, many by number."""
    if len(records) > 2:
        failed = sum(record.dagster_run.status is DagsterRunStatus.FAILURE for record in records)
        return f"{len(records)} runs, {failed} failed"
    return ", ".join(
        f"{record.dagster_run.run_id[:8]} ({record.dagster_run.status.value.lower()})" for record in records
    )
