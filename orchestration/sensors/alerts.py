"""Alerts: a run has failed, a check of severity ERROR has, or reports are still missing after they were asked for."""

from collections.abc import Callable

from dagster import (
    AssetCheckSeverity,
    DagsterEventType,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    DefaultSensorStatus,
    RunFailureSensorContext,
    RunStatusSensorContext,
    SensorDefinition,
    run_failure_sensor,
    run_status_sensor,
)
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluation
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from orchestration.alerts import Alert, send
from orchestration.jobs import LAND_JOB
from orchestration.landing.ledger import read_ledger
from orchestration.landing.missing import due_reports, in_words, missing_reports
from orchestration.partitions import Roster
from orchestration.resources import Warehouse
from orchestration.sources.registry.load import load_registry
from orchestration.sources.registry.senders import RegistryError
from orchestration.wording import plural

_SCHEDULE_TAG = "dagster/schedule_name"
_LOOK_SECONDS = 30
_EVALUATED = {AssetCheckExecutionRecordStatus.SUCCEEDED, AssetCheckExecutionRecordStatus.FAILED}
_EVALUATIONS_LOOKED_AT = 20


def alert_sensors(roster: Roster, warehouse: Warehouse) -> list[SensorDefinition]:
    """One for runs that failed, one for runs that went well. Where alerts go is a setting (WAREHOUSE_ALERTS)."""
    settings = warehouse.settings

    def tell(alert: Alert | None, log: Callable[..., None]) -> None:
        if alert is not None:
            log("%s", alert.title)
            send(settings, alert)

    @run_failure_sensor(
        name="alert_when_a_run_fails",
        minimum_interval_seconds=_LOOK_SECONDS,
        default_status=DefaultSensorStatus.RUNNING,
        description="Sends an alert for each run that failed, one for checks of severity ERROR that failed in it, "
        "once while they say the same, and, when a schedule had started it, one that names whose reports are still "
        "missing. Where to: WAREHOUSE_ALERTS.",
    )
    def alert_when_a_run_fails(context: RunFailureSensorContext) -> None:
        tell(of_failed_run(context), context.log.info)
        tell(of_failed_checks(context.instance, context.dagster_run), context.log.info)
        tell(of_missing(context.dagster_run, roster, warehouse), context.log.info)

    @run_status_sensor(
        run_status=DagsterRunStatus.SUCCESS,
        name="alert_when_a_check_fails",
        minimum_interval_seconds=_LOOK_SECONDS,
        default_status=DefaultSensorStatus.RUNNING,
        description="After each run that went well: sends an alert for checks of severity ERROR that failed, once "
        "while they say the same, and, when a schedule had started the run, one that names whose reports are still "
        "missing. Where to: WAREHOUSE_ALERTS.",
    )
    def alert_when_a_check_fails(context: RunStatusSensorContext) -> None:
        tell(of_failed_checks(context.instance, context.dagster_run), context.log.info)
        tell(of_missing(context.dagster_run, roster, warehouse), context.log.info)

    return [alert_when_a_run_fails, alert_when_a_check_fails]


def of_failed_run(context: RunFailureSensorContext) -> Alert:
    """What failed and why, in the run's own words; of an error that isn't ours only its kind."""
    run = context.dagster_run
    lines = []
    for event in context.get_step_failure_events():
        failed = event.step_failure_data
        told = failed.user_failure_data.description if failed.user_failure_data else None
        # Dagster wraps what a step raises.
        error = failed.error.cause or failed.error if failed.error else None
        kind = error.cls_name if error else "unknown error"
        lines.append(f"{event.step_key}: {told or f'{kind}; the run holds the rest'}")
    name = _name(run)
    return Alert(
        "run_failed", f"{name} failed (run {run.run_id[:8]})", "\n".join(lines) or _ended_from_outside(context)
    )


def _ended_from_outside(context: RunFailureSensorContext) -> str:
    """How far a run came of which no step failed: its process was killed, or never began."""

    def steps(kind: DagsterEventType) -> list[str]:
        records = context.instance.get_records_for_run(context.dagster_run.run_id, of_type=kind).records
        return [record.event_log_entry.step_key or "" for record in records]

    ended = steps(DagsterEventType.STEP_SUCCESS)
    going_on = [step for step in steps(DagsterEventType.STEP_START) if step not in ended]
    if going_on:
        return f"It was ended from outside in {', '.join(going_on)}: killed, or out of memory. Start it again."
    return "It was ended from outside between two steps." if ended else "It ended before any step."


def of_failed_checks(instance: DagsterInstance, run: DagsterRun) -> Alert | None:
    """The checks of severity ERROR that failed in `run` and said something else in the run before. Those of a step
    that failed itself, as dbt's tests make it, are told with that (`of_failed_run`)."""
    records = instance.get_records_for_run(run.run_id, of_type=DagsterEventType.ASSET_CHECK_EVALUATION).records
    failures = instance.get_records_for_run(run.run_id, of_type=DagsterEventType.STEP_FAILURE).records
    failed_steps = {record.event_log_entry.step_key for record in failures}
    failed = [
        evaluation
        for record in records
        if (evaluation := record.event_log_entry.asset_check_evaluation) is not None
        and not evaluation.passed
        and evaluation.severity is AssetCheckSeverity.ERROR
        and record.event_log_entry.step_key not in failed_steps
        and not _was_said_before(instance, evaluation, run)
    ]
    if not failed:
        return None
    lines = [f"{one.asset_key.to_user_string()} {one.check_name}: {one.description or 'failed'}" for one in failed]
    title = f"{len(failed)} {plural('check', len(failed))} failed in {_name(run)} (run {run.run_id[:8]})"
    return Alert("check_failed", title, "\n".join(lines))


def of_missing(run: DagsterRun, roster: Roster, warehouse: Warehouse) -> Alert | None:
    """Whose reports are still missing although a schedule has just had them asked for: of the kind of sender that `run`
    asked, since the other kind's run may still be going on."""
    kind = next((kind for kind, job in LAND_JOB.items() if job == run.job_name), None)
    if kind is None or _SCHEDULE_TAG not in run.tags:
        return None
    settings = warehouse.settings
    try:
        registry = load_registry(settings.sources_path, settings.secret, lenient=True)
    except RegistryError:
        # The run failed of it and says so.
        return None
    due = due_reports(registry, roster.periods, settings.now(), kind)
    missing = missing_reports(due, read_ledger(settings.landing_dir))
    if not missing:
        return None
    names = sorted({report.sender_id for report in missing})
    title = f"{len(missing)} due reports are still missing, of {len(names)} {kind.value}s"
    text = f"{in_words(missing)}\nAll: {', '.join(names)}.\nWho and what: the checks of marts/reporting_timeliness."
    return Alert("reports_missing", title, text)


def _was_said_before(instance: DagsterInstance, evaluation: AssetCheckEvaluation, run: DagsterRun) -> bool:
    """Whether the run before `run` that evaluated the check said the same. Later runs may have begun by now: those
    that evaluated or planned it too stand first in the history."""
    history = instance.event_log_storage.get_asset_check_execution_history(
        evaluation.asset_check_key, limit=_EVALUATIONS_LOOKED_AT, status=_EVALUATED
    )
    own = next((at for at, record in enumerate(history) if record.run_id == run.run_id), len(history))
    before = next((record.event for record in history[own + 1 :]), None)
    said = before.asset_check_evaluation if before else None
    return said is not None and not said.passed and said.description == evaluation.description


def _name(run: DagsterRun) -> str:
    if not run.job_name.startswith("__"):
        return run.job_name
    return ", ".join(sorted(key.to_user_string() for key in run.asset_selection or ())) or "a run"
