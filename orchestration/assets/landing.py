"""senders → landing/<feed>: one asset a feed, one cell a period and sender, all chosen cells in one run.

A cell that came through is recorded as soon as the pull is done, with what it brought. Then the step fails if any cell did
not, and names those: Dagster shows exactly them red, and the others stay done.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetMaterialization,
    AssetsDefinition,
    BackfillPolicy,
    Failure,
    MetadataValue,
    MultiPartitionKey,
    Output,
    ResourceParam,
    TableColumn,
    TableColumnConstraints,
    TableSchema,
    asset,
)

from orchestration.assets.flow import (
    BUREAUS_KEY,
    CONFIGURATION_KEY,
    LANDING_BUREAUS_GROUP,
    LANDING_PLATFORMS_GROUP,
    OWNERS,
    PLATFORMS_KEY,
    landing_key,
)
from orchestration.assets.tables import table
from orchestration.assets.troubles import explained
from orchestration.landing.columns import landed_columns
from orchestration.landing.ledger import Ledger, LedgerEntry, read_ledger
from orchestration.landing.pull import FeedPull, Trouble
from orchestration.partitions import PERIOD, SENDER, Roster, cell_key
from orchestration.resources import Warehouse
from orchestration.sources.feeds import FEEDS, Feed, SenderKind
from orchestration.sources.registry import Registry, load_registry

_ABOUT = {
    "courses": "The courses each platform offers, with their occupation, hours and review status.",
    "registrations": "Who registered for which course. Names, id numbers and phones become pseudonyms before anything is written.",
    "learning_records": "Sign-ins, study, questions and tests, from the platform's interface or its learning record store (xAPI).",
    "certificates": "Certificates issued and revoked, with hours, cost and score.",
    "reminders": "Reminders to study that a platform sent to its learners.",
    "dispatch_reports": "The biweekly table that each bureau fills in (双周调度表). Due every period.",
    "eligibility_rosters": "Who belongs to a key group, by roster of a bureau. Id numbers become pseudonyms before anything is written.",
    "institutions": "The directory of training and evaluation institutions.",
    "training_projects": "Training projects of the catalogue and of enterprises, with planned learners and amounts.",
    "subsidy_payments": "Claims and payments of training subsidies and living allowances, from both funds.",
    "penalties": "Penalties against platforms, institutions and persons.",
}
_NEXT = (
    "\n\nA cell is one period of one sender. Green: pulled without trouble (how much came stands in its metadata; whether a "
    "report that is due has come is told by the check *due_reports_received*). Red: the last pull failed, and the run says why. "
    "After mending, choose the red cells alone and materialize again."
)


@dataclass
class Cell:
    """What became of one period × sender of a feed in this run."""

    period_key: str
    sender_id: str
    entries: list[LedgerEntry] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    was_asked: bool = False

    @property
    def key(self) -> MultiPartitionKey:
        return cell_key(self.period_key, self.sender_id)


def landing_assets(roster: Roster) -> list[AssetsDefinition]:
    """One partitioned asset for each feed."""
    return [_landing_asset(feed, roster) for feed in FEEDS.values()]


def configuration_asset() -> AssetsDefinition:
    """The registry (without secrets), campaign.yml and the seed files, landed like any batch when they have changed."""

    @asset(
        key=CONFIGURATION_KEY,
        group_name=LANDING_BUREAUS_GROUP.replace("bureaus", "configuration"),
        kinds={"python", "parquet"},
        owners=OWNERS,
        description="The registry (names of secrets only), campaign.yml and the seed files as they are now, landed as a batch when they "
        "have changed, so that any past state of the marts can be built again.",
    )
    def configuration(warehouse: ResourceParam[Warehouse]) -> None:
        with explained():
            warehouse.land_configuration(warehouse.settings)

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
    def land(context: AssetExecutionContext, warehouse: ResourceParam[Warehouse]) -> Iterator[Output]:
        with explained():
            cells = _pull_cells(context, warehouse, feed, roster)
        ledger = read_ledger(warehouse.settings.landing_dir)
        for cell in cells:
            if not cell.troubles:
                context.log_event(_materialization(feed, cell, ledger))
        _fail_if_any(feed, cells)
        yield from ()

    return land


def landed_schema(feed: Feed) -> TableSchema:
    """The columns of a landed file, as Dagster shows them."""
    required = {field.name for field in feed.fields if field.required}
    return TableSchema(
        [
            TableColumn(name, kind, constraints=TableColumnConstraints(nullable=name not in required))
            for name, kind in landed_columns(feed).items()
        ]
    )


def _pull_cells(context: AssetExecutionContext, warehouse: Warehouse, feed: Feed, roster: Roster) -> list[Cell]:
    """Pull what the run's cells ask for. A cell's troubles are its own; nothing is raised for one sender's."""
    settings = warehouse.settings
    # Read anew: the token or the key may have been mended since the definitions were loaded.
    registry = load_registry(settings.sources_path, settings.secret, lenient=True)
    settings.pseudonym_key()
    cells = {(cell.period_key, cell.sender_id): cell for cell in map(_cell, context.partition_keys)}
    by_key = {period.key: period for period in roster.periods}
    now = settings.now()
    begun = {key: cell for key, cell in cells.items() if by_key[cell.period_key].opens_at <= now}
    if len(begun) < len(cells):
        waiting = sorted({period for period, _ in cells.keys() - begun.keys()})
        context.log.info("Left alone, because the period has not begun: %s", ", ".join(waiting))
    _note_registry_problems(registry, begun)
    if not begun:
        return []
    tasks = warehouse.plan(
        registry,
        roster.periods,
        read_ledger(settings.landing_dir),
        only_periods={by_key[period].start for period, _ in begun},
        only_senders={sender for _, sender in begun},
    )
    wanted = [
        task
        for task in tasks
        if task.feed == feed.name and (task.period is None or (task.period.key, task.sender.id) in begun)
    ]
    context.log.info(
        "Asking %d senders for %s: %d pulls", len({task.sender.id for task in wanted}), feed.name, len(wanted)
    )
    for done in warehouse.pull(settings, registry, wanted):
        _take(done, begun)
    return list(begun.values())


def _cell(key: str) -> Cell:
    assert isinstance(key, MultiPartitionKey)
    return Cell(key.keys_by_dimension[PERIOD], key.keys_by_dimension[SENDER])


def _note_registry_problems(registry: Registry, cells: Mapping[tuple[str, str], Cell]) -> None:
    known = {sender.id for sender in registry.senders}
    for cell in cells.values():
        mistakes = [str(problem) for problem in registry.problems if problem.sender_id == cell.sender_id]
        if mistakes:
            cell.troubles.extend(f"{mistake} (in the registry of senders)" for mistake in mistakes)
        elif cell.sender_id not in known:
            cell.troubles.append(
                f"{cell.sender_id}: not in the registry of senders; reload the definitions if it was taken out"
            )


def _take(done: FeedPull, cells: Mapping[tuple[str, str], Cell]) -> None:
    """Sort one pull's batches and troubles into its cells. A platform's files hold rows of any period."""
    task = done.task
    for cell in cells.values():
        if cell.sender_id != task.sender.id or (task.period is not None and task.period.key != cell.period_key):
            continue
        cell.was_asked = True
        cell.entries.extend(entry for entry in done.entries if _concerns(entry, cell))
        cell.troubles.extend(
            str(trouble) for trouble in done.troubles if trouble.period_start in (None, cell.period_key)
        )


def _concerns(entry: LedgerEntry, cell: Cell) -> bool:
    return cell.period_key == entry.period_start or cell.period_key in entry.periods


def _materialization(feed: Feed, cell: Cell, ledger: Ledger) -> AssetMaterialization:
    batches = [entry for entry in cell.entries if entry.kind == "batch"]
    landed = [
        entry
        for entry in ledger.entries(cell.sender_id)
        if entry.kind == "batch" and entry.feed == feed.name and _concerns(entry, cell)
    ]
    metadata: dict[str, object] = {
        "delivery": _delivery(cell, batches, landed),
        "rows": sum(_rows(entry, cell) for entry in batches),
        "quarantined": sum(_quarantined(entry, cell) for entry in batches),
        "bytes": sum(entry.bytes_count for entry in batches),
        "batches": ", ".join(entry.batch_id for entry in batches) or "none",
        "dagster/row_count": sum(_rows(entry, cell) for entry in landed),
        "dagster/column_schema": landed_schema(feed),
    }
    if windows := [entry for entry in batches if entry.window_to]:
        newest = windows[-1]
        metadata["window"] = f"{newest.window_from or 'the beginning'} to {newest.window_to}"
        metadata["window_is_whole"] = newest.is_whole
    if unknown := [
        (entry.batch_id, found.name, found.type, found.filled_share)
        for entry in batches
        for found in entry.unknown_columns
    ]:
        columns = {"batch": "string", "column": "string", "type": "string", "filled_share": "float"}
        metadata["unknown_columns"] = table(columns, unknown)
    return AssetMaterialization(landing_key(feed.name), partition=cell.key, metadata=metadata)  # type: ignore[arg-type]


def _delivery(cell: Cell, batches: Sequence[LedgerEntry], landed: Sequence[LedgerEntry]) -> str:
    if batches:
        return f"{len(batches)} new batch{'es' * (len(batches) > 1)}"
    if landed:
        return f"nothing new; {len(landed)} batch{'es' * (len(landed) > 1)} landed before"
    return "nothing delivered so far" if cell.was_asked else "this sender does not send this feed (registry)"


def _rows(entry: LedgerEntry, cell: Cell) -> int:
    counted = entry.periods.get(cell.period_key)
    return counted.rows if counted else 0


def _quarantined(entry: LedgerEntry, cell: Cell) -> int:
    counted = entry.periods.get(cell.period_key)
    return counted.quarantined if counted else 0


def _fail_if_any(feed: Feed, cells: Sequence[Cell]) -> None:
    failed = [cell for cell in cells if cell.troubles]
    if not failed:
        return
    # A trouble of a whole inbox stands in each of its cells; it is told once.
    told = list(dict.fromkeys(message for cell in failed for message in cell.troubles))
    lines = "\n".join(told)
    raise Failure(
        description=(
            f"{len(failed)} of {len(cells)} cells of landing/{feed.name} failed; the other {len(cells) - len(failed)} are landed and "
            f"recorded.\n\n{lines}\n\nMend what is named, then materialize the red cells alone again. "
            "What landed goes on into the marts meanwhile."
        ),
        metadata={
            "failed_cells": len(failed),
            "landed_cells": len(cells) - len(failed),
            "troubles": table(
                {"period": "string", "sender": "string", "trouble": "string"},
                [(cell.period_key, cell.sender_id, message) for cell in failed for message in cell.troubles],
            ),
            "failed": MetadataValue.json(sorted({cell.key for cell in failed})),
        },
        allow_retries=False,
    )


def is_landing(key: AssetKey) -> bool:
    """Whether an asset is landed from senders."""
    return key in {landing_key(feed) for feed in FEEDS}

