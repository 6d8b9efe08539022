"""senders → landing/<feed>: one asset a feed, one cell a period and sender, all chosen cells in one run.

A cell that came through is recorded as soon as the pull is done, with what it brought. Then the step fails if any cell
did not, and names those: Dagster shows exactly them red, and the others stay done.
"""

import warnings
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    BackfillPolicy,
    BetaWarning,
    Config,
    Failure,
    MaterializeResult,
    MultiPartitionKey,
    Output,
    ResourceParam,
    asset,
)
from pydantic import Field

from orchestration.assets.cells import Cell, concerns, landed_schema, materialization, observation
from orchestration.assets.flow import (
    BUREAUS_KEY,
    CONFIGURATION_KEY,
    LANDING_BUREAUS_GROUP,
    LANDING_CONFIGURATION_GROUP,
    LANDING_PLATFORMS_GROUP,
    OWNERS,
    PLATFORMS_KEY,
    landing_key,
)
from orchestration.assets.tables import table
from orchestration.assets.troubles import explained
from orchestration.landing.errors import LedgerDamagedError
from orchestration.landing.ledger import read_ledger
from orchestration.landing.missing import has_come
from orchestration.landing.pull import FeedPull, PullTask, Trouble
from orchestration.partitions import PERIOD, SENDER, Roster
from orchestration.resources import Warehouse
from orchestration.sources.feeds import FEEDS, Feed, SenderKind
from orchestration.sources.registry.load import load_registry
from orchestration.sources.registry.senders import Registry

_ABOUT = {
    "courses": "The courses each platform offers, with their occupation, hours and review status.",
    "registrations": "Who registered for which course. Names, id numbers and phones become pseudonyms before "
    "anything is written.",
    "learning_records": "Sign-ins, study, questions and tests, from the platform's interface or its learning record "
    "store (xAPI).",
    "certificates": "Certificates issued and revoked, with hours, cost and score.",
    "reminders": "Reminders to study that a platform sent to its learners.",
    "dispatch_reports": "The biweekly table that each bureau fills in (双周调度表). Due every period.",
    "eligibility_rosters": "Who belongs to a key group, by roster of a bureau. Id numbers become pseudonyms before "
    "anything is written.",
    "institutions": "The directory of training and evaluation institutions.",
    "training_projects": "Training projects of the catalogue and of enterprises, with planned learners and amounts.",
    "subsidy_payments": "Claims and payments of training subsidies and living allowances, from both funds.",
    "penalties": "Penalties against platforms, institutions and persons.",
}
_NEXT = (
    "\n\nA partition is one period of one sender. Green: pulled without trouble; its metadata says how much came. "
    "Whether a report that is due has come is told by the checks of marts/reporting_timeliness. Red: the last pull "
    "failed, and the run says why; after mending, materialize the red partitions alone again. Bytes and batches are "
    "those of whole files, which may hold rows of several periods."
)


class LandingConfig(Config):
    """What can be said in the launchpad; nothing has to be."""

    confirmed: list[str] = Field(
        default=[],
        description="Payload hashes (SHA-256) of snapshots that were held because they had shrunk, and that someone "
        "has looked at: they are taken. The message that held one back names its hash.",
    )
    only_missing: bool = Field(
        default=False,
        description="Ask only for the chosen partitions whose report has not come yet; the others are left as they "
        "are. By default every chosen partition is asked for, again if need be.",
    )


def landing_assets(roster: Roster) -> list[AssetsDefinition]:
    """One partitioned asset for each feed."""
    with warnings.catch_warnings():
        # `backfill_policy` has been called beta for years; the pinned version is the one that was tried.
        warnings.simplefilter("ignore", BetaWarning)
        return [_landing_asset(feed, roster) for feed in FEEDS.values()]


def configuration_asset() -> AssetsDefinition:
    """The registry (without secrets), campaign.yml and the seed files, landed like any batch when they have changed."""

    @asset(
        key=CONFIGURATION_KEY,
        group_name=LANDING_CONFIGURATION_GROUP,
        kinds={"python", "parquet"},
        owners=OWNERS,
        description="The registry (names of secrets only), campaign.yml and the seed files as they are now, landed "
        "as a batch when they have changed, so that any past state of the marts can be built again.",
    )
    def configuration(warehouse: ResourceParam[Warehouse]) -> MaterializeResult:
        with explained():
            landed = warehouse.land_configuration(warehouse.settings)
        told = f"changed; landed as {landed.batch_id}" if landed else "unchanged since it was last landed"
        return MaterializeResult(metadata={"configuration": told})

    return configuration


def _landing_asset(feed: Feed, roster: Roster) -> AssetsDefinition:
    is_platforms = feed.sender_kind is SenderKind.PLATFORM

    @asset(
        key=landing_key(feed.name),
        deps=[PLATFORMS_KEY if is_platforms else BUREAUS_KEY],
        partitions_def=roster.partitions(feed.sender_kind),
        backfill_policy=BackfillPolicy.single_run(),
        group_name=LANDING_PLATFORMS_GROUP if is_platforms else LANDING_BUREAUS_GROUP,
        kinds={"python", "parquet"},
        owners=OWNERS,
        description=_ABOUT[feed.name] + _NEXT,
        metadata={"dagster/column_schema": landed_schema(feed)},
        # Cells are recorded one by one below; an output would record every cell of the run once more, failed or not.
        output_required=False,
    )
    def land(
        context: AssetExecutionContext, config: LandingConfig, warehouse: ResourceParam[Warehouse]
    ) -> Iterator[Output]:
        cells = CellsOfRun(context, feed, roster, warehouse)
        with explained():
            cells.pull(config.confirmed, only_missing=config.only_missing)
        cells.fail_if_any()
        yield from ()

    return land


class CellsOfRun:
    """The cells that one step was asked for, from the pull to what Dagster is told of each."""

    def __init__(self, context: AssetExecutionContext, feed: Feed, roster: Roster, warehouse: Warehouse) -> None:
        self._context, self._feed, self._roster, self._warehouse = context, feed, roster, warehouse
        self._ledger = read_ledger(warehouse.settings.landing_dir)
        self._periods = {period.key: period for period in roster.periods}
        asked = [_cell(key) for key in context.partition_keys]
        now = warehouse.settings.now()
        self._cells = [cell for cell in asked if self._periods[cell.period_key].opens_at <= now]
        if len(self._cells) < len(asked):
            waiting = sorted({cell.period_key for cell in asked} - {cell.period_key for cell in self._cells})
            context.log.info("Left alone, because the period has not begun: %s", ", ".join(waiting))

    def pull(self, confirmed: Collection[str], *, only_missing: bool = False) -> None:
        """Pull all cells, and record each that came through as soon as its pull has ended.

        With `only_missing` those whose report has come are recorded as they are, and their senders are not asked.

        Raises what would hit every sender alike: SettingsError, RegistryError, LandingError.
        """
        settings = self._warehouse.settings
        # Read anew: a sender's entry may have been mended since the definitions were loaded.
        registry = load_registry(settings.sources_path, settings.secret, lenient=True)
        settings.pseudonym_key()
        self._note_mistakes(registry)
        if only_missing:
            self._leave_what_has_come()
        tasks = self._tasks(registry)
        senders = len({task.sender.id for task in tasks})
        self._context.log.info("Asking %d senders for %s: %d pulls", senders, self._feed.name, len(tasks))
        self._warehouse.pull(settings, registry, tasks, self._take, confirmed=confirmed)
        for cell in self._cells:
            if not cell.was_asked and not cell.troubles:
                self._record(cell)
            elif cell.troubles and cell.entries:
                self._context.log_event(observation(self._feed, cell, self._ledger))

    def fail_if_any(self) -> None:
        """Raise the Failure that makes the cells with troubles red, if there are any."""
        if failed := [cell for cell in self._cells if cell.troubles]:
            raise _failure(self._feed, failed, len(self._cells))

    def _tasks(self, registry: Registry) -> list[PullTask]:
        wanted = {(cell.period_key, cell.sender_id) for cell in self._cells if not (cell.troubles or cell.was_left)}
        if not wanted:
            return []
        planned = self._warehouse.plan(
            registry,
            self._roster.periods,
            self._ledger,
            only_periods={self._periods[period].start for period, _ in wanted},
            only_senders={sender for _, sender in wanted},
        )
        return [
            task
            for task in planned
            if task.feed == self._feed.name and (task.period is None or (task.period.key, task.sender.id) in wanted)
        ]

    def _leave_what_has_come(self) -> None:
        for cell in self._cells:
            with suppress(LedgerDamagedError):
                entries = self._ledger.entries(cell.sender_id)
                cell.was_left = has_come(entries, self._feed.name, cell.period_key)

    def _note_mistakes(self, registry: Registry) -> None:
        known = {sender.id for sender in registry.senders}
        for cell in self._cells:
            mistakes = [str(problem) for problem in registry.problems if problem.sender_id == cell.sender_id]
            if mistakes:
                cell.troubles.extend(f"{mistake} (in the registry of senders)" for mistake in mistakes)
            elif cell.sender_id not in known:
                cell.troubles.append(
                    f"{cell.sender_id}: not in the registry of senders; press Reload if it was taken out"
                )

    def _take(self, done: FeedPull) -> None:
        """Sort what one pull brought into its cells. A platform's inbox holds rows of any period: all its cells end at
        once."""
        task = done.task
        for cell in self._cells:
            if cell.sender_id == task.sender.id and (task.period is None or task.period.key == cell.period_key):
                cell.was_asked, cell.was_left = True, False
                cell.entries.extend(entry for entry in done.entries if concerns(entry, cell))
                cell.troubles.extend(done.troubles)
                if not cell.troubles:
                    self._record(cell)

    def _record(self, cell: Cell) -> None:
        self._context.log_event(materialization(self._feed, cell, self._ledger))


def _cell(key: str) -> Cell:
    assert isinstance(key, MultiPartitionKey)
    return Cell(key.keys_by_dimension[PERIOD], key.keys_by_dimension[SENDER])


def _failure(feed: Feed, failed: Sequence[Cell], asked_count: int) -> Failure:
    landed_count = asked_count - len(failed)
    others = f"; the other {landed_count} are landed and recorded" if landed_count else ""
    rows = [(cell.period_key, cell.sender_id, str(trouble)) for cell in failed for trouble in cell.troubles]
    return Failure(
        description=(
            f"{len(failed)} of {asked_count} partitions of landing/{feed.name} "
            f"failed{others}.\n\n{_told(failed)}\n\nMend what is named, then materialize the red partitions alone "
            "again. What has landed goes on into the marts."
        ),
        metadata={
            "failed_partitions": len(failed),
            "landed_partitions": landed_count,
            "troubles": table({"period": "string", "sender": "string", "trouble": "string"}, rows),
        },
        allow_retries=False,
    )


def _told(failed: Sequence[Cell]) -> str:
    """Each trouble once: one of a whole inbox stands in all its cells, and pulls that were not even tried are
    counted."""
    consequences = 0
    lines: dict[str, None] = {}
    for cell in failed:
        for trouble in cell.troubles:
            if isinstance(trouble, Trouble) and trouble.is_consequence:
                consequences += 1
            else:
                lines[str(trouble)] = None
    if consequences:
        lines[f"({consequences} more pulls were not tried after that, because the same server had not answered)"] = None
    return "\n".join(lines)


def is_landing(key: AssetKey) -> bool:
    """Whether an asset is landed from senders."""
    return key in {landing_key(feed) for feed in FEEDS}
