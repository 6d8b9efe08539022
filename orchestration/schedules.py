"""Ask when reports are due, and every working day after that while some are missing.

Cron can't say "every 14 days, by Chinese working days", so it ticks daily, just after the hour, and the calendar and
the ledgers decide. Nothing here opens the database, which a build may hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from dagster import (
    DefaultScheduleStatus,
    RunRequest,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    SkipReason,
    schedule,
)

from orchestration.assets.flow import landing_key
from orchestration.calendar import Period, is_working_day, next_working_day
from orchestration.campaign import DueRule
from orchestration.jobs import LAND_JOB
from orchestration.landing.ledger import Ledger, read_ledger
from orchestration.landing.missing import MOST_NAMES, DueReport, due_reports, in_words, missing_reports
from orchestration.partitions import Roster, range_tags
from orchestration.resources import Warehouse
from orchestration.settings import SHANGHAI
from orchestration.sources.feeds import SenderKind
from orchestration.sources.registry.load import load_registry
from orchestration.sources.registry.senders import Registry, RegistryError
from orchestration.wording import some

# A report that comes in the last minute is still in time; ask a little after it.
_MINUTES_AFTER = 5


def due_schedule(kind: SenderKind, roster: Roster, warehouse: Warehouse) -> ScheduleDefinition:
    """A daily tick that asks all senders of a kind on each period's due day, on the working days after it those whose
    reports are missing, and says why not on other days."""

    @schedule(
        name=f"{LAND_JOB[kind]}_when_due",
        job_name=LAND_JOB[kind],
        cron_schedule=daily_cron(roster.campaign.due_rule),
        execution_timezone=str(SHANGHAI),
        default_status=DefaultScheduleStatus.RUNNING,
        description=f"Asks all {kind.value}s on the day a period's reports are due "
        f"({_rule_in_words(roster.campaign.due_rule)}), for every period that has to be pulled again, and on every "
        "Chinese working day after that those whose reports are missing. Ticks daily and skips, with the reason, on "
        "other days.",
    )
    def when_due(context: ScheduleEvaluationContext) -> RunRequest | SkipReason:
        now = warehouse.settings.fixed_now or context.scheduled_execution_time.astimezone(SHANGHAI)
        return request(kind, roster, warehouse, now)

    return when_due


def request(kind: SenderKind, roster: Roster, warehouse: Warehouse, now: datetime) -> RunRequest | SkipReason:
    """What to run at `now`, or why nothing: on a due day one run for all senders and every period to be pulled, on
    another working day one for the smallest range of cells that holds every missing report."""
    senders = roster.sender_ids(kind)
    if not senders:
        return SkipReason(roster.explanation or f"The registry has no {kind.value}s.")
    settings = warehouse.settings
    try:
        registry = load_registry(settings.sources_path, settings.secret, lenient=True)
    except RegistryError as error:
        return SkipReason(f"The registry of senders can't be read, so nobody is asked. {error}")
    ledger = read_ledger(settings.landing_dir)
    due_today = [period for period in roster.periods if period.due_at.date() == now.date()]
    if due_today:
        return _ask_all(kind, roster, warehouse, registry, ledger, due_today, now)
    due = due_reports(registry, roster.periods, now, kind)
    missing = missing_reports(due, ledger)
    clock = f"The clock says {now:%Y-%m-%d %H:%M}" + (" (WAREHOUSE_NOW)." if settings.fixed_now else ".")
    if not due:
        return SkipReason(f"No report is due yet. {clock} {_next_due(roster, now)}")
    if not missing:
        came = f"Everything has come: all {len(due)} reports of {kind.value}s that are due so far."
        return SkipReason(f"{came} {clock} {_next_due(roster, now)}")
    if not is_working_day(now.date()):
        return SkipReason(
            f"{now:%Y-%m-%d} is no Chinese working day. {clock} {in_words(missing)} Asked for again on "
            f"{next_working_day(now.date())}. {_next_due(roster, now)}"
        )
    known = [report for report in missing if report.sender_id in senders]
    if not known:
        named = some(sorted({one.sender_id for one in missing}), MOST_NAMES)
        return SkipReason(
            f"{in_words(missing)} The registry has named {named} since the "
            "definitions were loaded: press Reload (Deployment, Code locations), then they are asked."
        )
    return _ask_missing(kind, senders, known, now)


def daily_cron(rule: DueRule) -> str:
    """Every day, a few minutes after the hour at which reports are due."""
    moment = datetime.combine(datetime(2000, 1, 1, tzinfo=SHANGHAI), rule.at) + timedelta(minutes=_MINUTES_AFTER)
    return f"{moment.minute} {moment.hour} * * *"


def _ask_all(
    kind: SenderKind, roster: Roster, warehouse: Warehouse, registry: Registry, ledger: Ledger,
    due_today: Sequence[Period], now: datetime,
) -> RunRequest:  # fmt: skip
    senders = roster.sender_ids(kind)
    tasks = warehouse.plan(registry, roster.periods, ledger, now=now)
    planned = {task.period.start for task in tasks if task.sender.kind is kind and task.period is not None}
    starts = sorted(planned | {period.start for period in due_today})
    return RunRequest(
        run_key=_run_key(kind, now),
        tags={
            **range_tags([start.isoformat() for start in starts], senders),
            "period": due_today[-1].key,
        },
    )


def _ask_missing(
    kind: SenderKind, senders: Sequence[str], missing: Sequence[DueReport], now: datetime
) -> RunRequest:  # fmt: skip
    """One run for the feeds that miss something, told to pass over the cells of its range that do not."""
    periods = sorted({report.period for report in missing})
    concerned = [sender for sender in senders if any(report.sender_id == sender for report in missing)]
    feeds = sorted({report.feed for report in missing})
    only_missing = {"config": {"only_missing": True}}
    return RunRequest(
        run_key=_run_key(kind, now),
        asset_selection=[landing_key(feed) for feed in feeds],
        run_config={"ops": {"__".join(landing_key(feed).path): only_missing for feed in feeds}},
        tags={
            **range_tags([period.key for period in periods], concerned),
            "period": periods[-1].key,
            "missing_reports": str(len(missing)),
            "missing_senders": some(concerned, MOST_NAMES),
            "missing_feeds": ", ".join(feeds),
        },
    )


def _run_key(kind: SenderKind, now: datetime) -> str:
    return f"{kind.value}-{now:%Y-%m-%d}"


def _next_due(roster: Roster, now: datetime) -> str:
    coming: list[Period] = [period for period in roster.periods if period.due_at > now]
    if not coming:
        return "No later period is in the calendar."
    period = coming[0]
    return f"Next: period {period.number} ({period.start} to {period.end}), due {period.due_at:%Y-%m-%d %H:%M}."


def _rule_in_words(rule: DueRule) -> str:
    return f"{rule.working_days_after} Chinese working days after the period's end, {rule.at:%H:%M}"
