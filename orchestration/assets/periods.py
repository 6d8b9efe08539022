"""published/marts → published/reporting_periods: how far each period has come, and whether a closed one changed."""

from __future__ import annotations

from dagster import (
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetsDefinition,
    MaterializeResult,
    MetadataValue,
    ResourceParam,
    asset,
    asset_check,
)

from orchestration import calendar
from orchestration.assets.flow import OWNERS, PERIODS_KEY, PUBLISHED_GROUP, PUBLISHED_KEY
from orchestration.assets.tables import table
from orchestration.assets.troubles import explained
from orchestration.closing.errors import ClosingError
from orchestration.closing.standing import PeriodStanding, read_standings
from orchestration.closing.steps import changes
from orchestration.partitions import Roster
from orchestration.resources import WRITER_POOL, Warehouse

CHECK_NAME = "closed_periods_unchanged"
_COLUMNS = {
    "period": "string", "number": "int", "due_at": "string", "state": "string", "since": "string", "by": "string",
    "published_as": "string", "closed_without": "int", "changed_after_closing": "string",
}  # fmt: skip


def periods_asset(roster: Roster) -> AssetsDefinition:
    """The state of each period as a table, read from the record beside the ledger."""

    @asset(
        key=PERIODS_KEY,
        deps=[PUBLISHED_KEY],
        group_name=PUBLISHED_GROUP,
        kinds={"python"},
        owners=OWNERS,
        pool=WRITER_POOL,
        description="Where each period is: open → closed → approved → published → restated, since when and by whom. "
        "`warehouse period close` and `approve` take a period on; each publication records what it published and "
        "which published period it showed with other figures.",
    )
    def reporting_periods(warehouse: ResourceParam[Warehouse]) -> MaterializeResult:
        begun = calendar.begun(list(roster.periods), warehouse.settings.now())
        with explained(ClosingError):
            standings = read_standings(warehouse.settings, begun)
        return MaterializeResult(
            metadata={
                "periods": table(_COLUMNS, [_row(one) for one in standings]),
                "open": sum(one.state == "open" for one in standings),
                "restated": sum(one.state == "restated" for one in standings),
                "what_to_do": MetadataValue.md(
                    "When no due report of a period is missing: `warehouse period close --period P`, then "
                    "`warehouse period approve --period P`, then materialize `published/marts`."
                ),
            }
        )

    return reporting_periods


def periods_check() -> AssetChecksDefinition:
    """A warning that names each closed period whose figures have changed, and the marts."""

    @asset_check(
        asset=PERIODS_KEY,
        name=CHECK_NAME,
        pool=WRITER_POOL,
        description="No period that was closed has other figures now than those it was closed or published with. "
        "Fails as a warning: the marts show the newest truth, and this says where it differs.",
    )
    def closed_periods_unchanged(warehouse: ResourceParam[Warehouse]) -> AssetCheckResult:
        with explained(ClosingError):
            return judge(changes(warehouse.settings))

    return closed_periods_unchanged


def judge(changed: dict[str, list[str]] | None) -> AssetCheckResult:
    """The check's result for `changed` (period → marts); None where nothing is closed."""
    words = "; ".join(f"{period}: {', '.join(marts)}" for period, marts in (changed or {}).items())
    return AssetCheckResult(
        passed=not changed,
        severity=AssetCheckSeverity.WARN,
        description=f"Closed periods whose figures have changed: {words}."
        if changed
        else ("No period is closed yet." if changed is None else "Every closed period has the figures it had."),
        metadata={
            "changed": table(
                {"period": "string", "mart": "string"},
                [(period, mart) for period, marts in (changed or {}).items() for mart in marts],
            )
        },
    )


def _row(one: PeriodStanding) -> tuple[str, int, str, str, str | None, str | None, str | None, int, str]:
    return (
        one.period_start, one.period_no, one.due_at, one.state, one.since, one.by, one.version, one.missing_count,
        ", ".join(one.changed_marts),
    )  # fmt: skip
