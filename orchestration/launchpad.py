"""Jobs that a person starts from the launchpad with a few words of configuration.

Each calls what the `warehouse` command calls (pipeline.py). Those that land record their partitions as the landing
assets do, and the marts follow by themselves (sensors/marts.py).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dagster import (
    AssetKey,
    AssetSelection,
    Config,
    DagsterLogManager,
    Failure,
    JobDefinition,
    MetadataValue,
    OpExecutionContext,
    ResourceParam,
    define_asset_job,
    graph,
    in_process_executor,
    op,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from pydantic import Field

from orchestration import pipeline
from orchestration.assets.cells import Cell, materialization, observation, periods_of
from orchestration.assets.models import TransformConfig
from orchestration.assets.tables import table
from orchestration.assets.troubles import explained
from orchestration.calendar import begun, newest_ended
from orchestration.landing.ledger import read_ledger
from orchestration.landing.pull import FeedPull, Trouble
from orchestration.pipeline import Deployment, UsageError
from orchestration.reporting.progress import Step
from orchestration.resources import Warehouse
from orchestration.sources.feeds import FEEDS

THIS_PERIOD, ONE_SENDER, REPLAY, REBUILD = "this_period", "one_sender", "replay_quarantine", "rebuild_all"
# Those of them that land something.
LANDING = (THIS_PERIOD, ONE_SENDER, REPLAY)

_CONFIRMED: list[str] = Field(
    default=[],
    description="Payload hashes (SHA-256) of snapshots that were held because they had shrunk, and that someone has "
    "looked at: they are taken. The message that held one back names its hash.",
)
_PERIOD = "First day of the period, for example 2020-06-15. "


class ThisPeriod(Config):
    """What `this_period` asks for."""

    period: str = Field(
        default="",
        description=_PERIOD + "Empty: the newest period that has ended by the clock (WAREHOUSE_NOW, else the real "
        "one), which is the one whose reports are due now or next.",
    )
    confirmed: list[str] = _CONFIRMED


class OneSender(Config):
    """Whom `one_sender` asks, and for what."""

    sender: str = Field(
        default="",
        description="Id of the sender in the registry: P001 for a platform, '420000' in quotes for a bureau, so that "
        "it isn't taken for a number. The table of the assets senders/platforms and senders/bureaus lists all.",
    )
    period: str = Field(
        default="",
        description=_PERIOD + "Asked for again if need be. Empty: everything that is due of this sender.",
    )
    confirmed: list[str] = _CONFIRMED


class ReplayQuarantine(Config):
    """Which batches `replay_quarantine` takes again."""

    senders: list[str] = Field(default=[], description="Ids of senders, for example [P024, '420000']. Empty: all.")
    feeds: list[str] = Field(
        default=[], description=f"Names of feeds. Empty: all. There are {', '.join(FEEDS)}."
    )  # fmt: skip


@op(name="ask_for_this_period")
def ask_for_this_period(context: OpExecutionContext, config: ThisPeriod, warehouse: ResourceParam[Warehouse]) -> None:
    """Ask every sender for one period, and land what they send."""
    with explained(UsageError):
        deployment = pipeline.prepare(warehouse.settings)
        period = config.period or newest_ended(deployment.periods, warehouse.settings.now()).key
        context.log.info("Asking for the period from %s", period)
        _land(context, deployment, [period], [], config.confirmed)


@op(name="ask_one_sender")
def ask_one_sender(context: OpExecutionContext, config: OneSender, warehouse: ResourceParam[Warehouse]) -> None:
    """Ask one sender, and land what it sends."""
    with explained(UsageError):
        deployment = pipeline.prepare(warehouse.settings)
        if not config.sender:
            raise UsageError(f"no sender was given; {pipeline.known_senders(deployment)}")
        _land(context, deployment, [config.period] if config.period else [], [config.sender], config.confirmed)


@op(name="replay_refused_batches")
def replay_refused_batches(
    context: OpExecutionContext, config: ReplayQuarantine, warehouse: ResourceParam[Warehouse]
) -> None:
    """Take every batch with refused rows again, after a contract or a column map was mended."""
    with explained(UsageError):
        deployment = pipeline.prepare(warehouse.settings)
        senders = pipeline.choose_senders(deployment, config.senders, called="sender")
        feeds = pipeline.choose_feeds(config.feeds, called="feed")
        report = pipeline.replay_step(deployment, LogReporter(context.log), senders=senders, feeds=feeds)
    context.add_output_metadata(
        {
            "batches_with_refused_rows": report.batches_count,
            "landed_anew": report.landed_count,
            "rows_taken_now": report.freed_rows_count,
        }
    )
    if report.troubles:
        raise _failure(report.troubles, "The other batches were taken again.")


def landing_jobs() -> list[JobDefinition]:
    """`this_period`, `one_sender` and `replay_quarantine`."""

    @graph(name=THIS_PERIOD)
    def this_period() -> None:
        ask_for_this_period()

    @graph(name=ONE_SENDER)
    def one_sender() -> None:
        ask_one_sender()

    @graph(name=REPLAY)
    def replay_quarantine() -> None:
        replay_refused_batches()

    follow = "The marts follow by themselves (build_marts) once this has ended, failed or not."
    return [
        this_period.to_job(
            description="Ask every sender for the period that is due now, or another one, and land what they send, as "
            f"`warehouse pull --period` does. {follow}",
            config=_filled_in(ask_for_this_period.name, ThisPeriod()),
            executor_def=in_process_executor,
        ),
        one_sender.to_job(
            description="Ask one sender for all that is due, or for one period, and land what it sends, as `warehouse "
            f"pull --sender` does: after a call that its platform answers again, for example. {follow}",
            config=_filled_in(ask_one_sender.name, OneSender()),
            executor_def=in_process_executor,
        ),
        replay_quarantine.to_job(
            description="Read the batches with refused rows from their senders again, and land those anew of which "
            "other rows are refused now, as `warehouse quarantine replay` does: after a contract or a column map was "
            f"mended. {follow}",
            config=_filled_in(replay_refused_batches.name, ReplayQuarantine()),
            executor_def=in_process_executor,
        ),
    ]


def rebuild_job(keys: list[AssetKey]) -> UnresolvedAssetJobDefinition:
    """`build_marts` with every table built anew. `keys`: its assets."""
    return define_asset_job(
        REBUILD,
        selection=AssetSelection.assets(*keys),
        description="Build every table anew from what has landed, test it and publish, as `warehouse build "
        "--full-refresh` does after its pull: after a rule or a model was changed, or when in doubt. Takes longer than "
        "build_marts, asks no sender, and readers keep the last publication until it is done.",
        config=_filled_in("transform", TransformConfig(full_refresh=True)),
        executor_def=in_process_executor,
    )


def _filled_in(op_name: str, config: Config) -> dict[str, Any]:
    """What the launchpad opens with: every field at its default, and nothing else (a RunConfig would add more)."""
    return {"ops": {op_name: {"config": config.model_dump()}}}


class LogReporter:
    """Steps of the pipeline as lines in a run's log: what went wrong is seen at once, progress every tenth part."""

    def __init__(self, log: DagsterLogManager) -> None:
        self._log = log

    @contextmanager
    def step(self, title: str, total: int | None = None) -> Iterator[Step]:
        yield _LoggedStep(self._log, title, total)


class _LoggedStep:
    def __init__(self, log: DagsterLogManager, title: str, total: int | None) -> None:
        self._log, self._title, self._total, self._done = log, title, total, 0

    def advance(self, note: str = "") -> None:
        self._done += 1
        if self._total and self._done % max(1, self._total // 10) == 0:
            self._log.info("%s: %d of %d, %s", self._title, self._done, self._total, note)

    def of(self, total: int) -> None:
        self._total = total

    def say(self, line: str) -> None:
        self._log.warning("%s", line.strip())


def _land(
    context: OpExecutionContext,
    deployment: Deployment,
    period_keys: list[str],
    senders: list[str],
    confirmed: list[str],
) -> None:
    """Pull, record each partition that came through, and fail naming those that did not. Raises UsageError."""
    ledger = read_ledger(deployment.settings.landing_dir)
    asked = period_keys or [period.key for period in begun(list(deployment.periods), deployment.settings.now())]

    def record(done: FeedPull) -> None:
        feed, task = FEEDS[done.task.feed], done.task
        # A platform's inbox holds rows of any period: all those asked for came through with it, and what else it holds.
        held = {key for entry in done.entries for key in periods_of(entry)}
        periods = {task.period.key} if task.period else {*asked, *held}
        for period in sorted(periods):
            cell = Cell(period, task.sender.id, was_asked=True)
            cell.entries = [entry for entry in done.entries if period in periods_of(entry)]
            if not done.troubles:
                context.log_event(materialization(feed, cell, ledger))
            elif cell.entries:
                context.log_event(observation(feed, cell, ledger))

    summary = pipeline.pull_due(
        deployment,
        LogReporter(context.log),
        periods=pipeline.choose_periods(deployment, period_keys, called="period"),
        senders=pipeline.choose_senders(deployment, senders, called="sender"),
        confirmed=pipeline.choose_confirmed(confirmed, called="confirmed"),
        on_done=record,
    )
    context.add_output_metadata(
        {
            "feeds_asked": summary.tasks_count,
            "new_batches": summary.batches_count,
            "rows": summary.rows_count,
            "quarantined": summary.quarantined_rows_count,
        }
    )
    if summary.troubles:
        names = ", ".join(summary.failed_senders)
        raise _failure(summary.troubles, f"What all others sent is landed; ask again for {names} alone.")


def _failure(troubles: tuple[Trouble, ...], rest: str) -> Failure:
    lines = "\n".join(str(trouble) for trouble in troubles)
    rows = [(trouble.period_start, trouble.sender_id, str(trouble)) for trouble in troubles]
    return Failure(
        description=f"Not everything came through:\n\n{lines}\n\nMend what is named. {rest} The marts follow all the "
        "same.",
        metadata={
            "troubles": table({"period": "string", "sender": "string", "trouble": "string"}, rows),
            "what_to_do": MetadataValue.md("docs/data-engineer.md, *What comes back*, says what each means."),
        },
        allow_retries=False,
    )
