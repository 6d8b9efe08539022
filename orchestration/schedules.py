"""Pull on the day on which reports are due. Cron can't say "every 14 days, by Chinese working days", so it ticks
daily, just after the hour, and the calendar decides."""

from datetime import datetime, timedelta

from dagster import (
    DefaultScheduleStatus,
    RunRequest,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    SkipReason,
    schedule,
)

from orchestration.calendar import Period
from orchestration.campaign import DueRule
from orchestration.jobs import LAND_JOB
from orchestration.landing.ledger import read_ledger
from orchestration.partitions import Roster, cell_key
from orchestration.resources import Warehouse
from orchestration.settings import SHANGHAI
from orchestration.sources.feeds import SenderKind
from orchestration.sources.registry import load_registry

# With these a run is for a range of cells. Of two dimensions a range is a rectangle.
RANGE_START_TAG = "dagster/asset_partition_range_start"
RANGE_END_TAG = "dagster/asset_partition_range_end"
# A report that comes in the last minute is still in time; ask a little after it.
_MINUTES_AFTER = 5


def due_schedule(kind: SenderKind, roster: Roster, warehouse: Warehouse) -> ScheduleDefinition:
    """A daily tick that asks all senders of a kind on each period's due day, and says why not on other days."""

    @schedule(
        name=f"{LAND_JOB[kind]}_when_due",
        job_name=LAND_JOB[kind],
        cron_schedule=daily_cron(roster.campaign.due_rule),
        execution_timezone=str(SHANGHAI),
        default_status=DefaultScheduleStatus.RUNNING,
        description=f"Asks all {kind.value}s on the day a period's reports are due "
        f"({_rule_in_words(roster.campaign.due_rule)}), for every period that has to be pulled again. Ticks daily and "
        "skips, with the reason, on other days.",
    )
    def when_due(context: ScheduleEvaluationContext) -> RunRequest | SkipReason:
        now = warehouse.settings.fixed_now or context.scheduled_execution_time.astimezone(SHANGHAI)
        return request(kind, roster, warehouse, now)

    return when_due


def request(kind: SenderKind, roster: Roster, warehouse: Warehouse, now: datetime) -> RunRequest | SkipReason:
    """What to run at `now`: one run for all senders and every period to be pulled, or why nothing."""
    due_today = [period for period in roster.periods if period.due_at.date() == now.date()]
    clock = f"{now:%Y-%m-%d %H:%M}" + (" (WAREHOUSE_NOW)" if warehouse.settings.fixed_now else "")
    if not due_today:
        return SkipReason(f"No period is due on this day. The clock says {clock}. {_next_due(roster, now)}")
    senders = roster.sender_ids(kind)
    if not senders:
        return SkipReason(roster.explanation or f"The registry has no {kind.value}s.")
    settings = warehouse.settings
    registry = load_registry(settings.sources_path, settings.secret, lenient=True)
    tasks = warehouse.plan(registry, roster.periods, read_ledger(settings.landing_dir), now=now)
    planned = {task.period.start for task in tasks if task.sender.kind is kind and task.period is not None}
    starts = sorted(planned | {period.start for period in due_today})
    return RunRequest(
        run_key=f"{kind.value}-{due_today[-1].key}",
        tags={
            RANGE_START_TAG: cell_key(starts[0].isoformat(), senders[0]),
            RANGE_END_TAG: cell_key(starts[-1].isoformat(), senders[-1]),
            "period": due_today[-1].key,
        },
    )


def daily_cron(rule: DueRule) -> str:
    """Every day, a few minutes after the hour at which reports are due."""
    moment = datetime.combine(datetime(2000, 1, 1, tzinfo=SHANGHAI), rule.at) + timedelta(minutes=_MINUTES_AFTER)
    return f"{moment.minute} {moment.hour} * * *"


def _next_due(roster: Roster, now: datetime) -> str:
    coming: list[Period] = [period for period in roster.periods if period.due_at > now]
    if not coming:
        return "No later period is in the calendar."
    period = coming[0]
    return f"Next: period {period.number} ({period.start} to {period.end}), due {period.due_at:%Y-%m-%d %H:%M}."


def _rule_in_words(rule: DueRule) -> str:
    return f"{rule.working_days_after} Chinese working days after the period's end, {rule.at:%H:%M}"
