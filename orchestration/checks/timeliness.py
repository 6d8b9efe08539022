"""Has every report that was due come? Asked of the data, feed by feed, period × sender: one check a feed.

Dagster's own freshness looks at when an asset was last materialized, so filling in an old period would turn the newest
one fresh. These checks read `marts.reporting_timeliness`, the one place where lateness is decided, and stand on that
mart: on the landing assets they would run with each pull, before the mart knows of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetCheckSpec,
    MetadataValue,
    ResourceParam,
    multi_asset_check,
)

from orchestration.assets.flow import mart_key
from orchestration.assets.tables import table
from orchestration.assets.troubles import explained
from orchestration.checks.marts import query_marts
from orchestration.resources import WRITER_POOL, Warehouse
from orchestration.sources.feeds import FEEDS
from orchestration.wording import some

MART = mart_key("reporting_timeliness")
_COLUMNS = {
    "period": "string", "sender": "string", "status": "string", "due_at": "string", "first_received_at": "string",
    "days_late": "int", "rows": "int", "quarantined": "int",
}  # fmt: skip
_MOST_NAMES = 10
_NEVER_DUE = "No sender owes this feed for every period (`due: every_period` in the registry): it is never late."
# Worst first, so that a cut-off table keeps what matters.
_ORDER = {"missing": 0, "empty": 1, "late": 2}


@dataclass(frozen=True)
class Due:
    """One report as the mart judges it. Times are Shanghai wall time; `days_late` is null where nothing is late;
    `is_due`: its due time had come at the mart's own clock (one that came early is not due and yet on time)."""

    feed: str
    period_start: date
    sender_id: str
    status: str
    due_at: datetime
    first_received_at: datetime | None
    days_late: int | None
    rows_count: int
    quarantined_rows_count: int
    is_due: bool


def timeliness_checks() -> AssetChecksDefinition:
    """One check for each feed, all computed together from one reading of the mart."""

    @multi_asset_check(
        name="timeliness",
        specs=[
            AssetCheckSpec(
                check_name(feed),
                asset=MART,
                description=f"Every due period × sender of `{feed}` has been received with rows. Fails as an error "
                "while a report that is due is missing, as a warning when one of the newest due period came late or "
                "empty. The table names each.",
            )
            for feed in FEEDS
        ],
        pool=WRITER_POOL,
        can_subset=True,
    )
    def timeliness(
        context: AssetCheckExecutionContext, warehouse: ResourceParam[Warehouse]
    ) -> Iterator[AssetCheckResult]:
        chosen = {key.name for key in context.selected_asset_check_keys}
        with explained():
            reports = read_due(warehouse)
        for feed in (feed for feed in FEEDS if check_name(feed) in chosen):
            own = [report for report in reports if report.feed == feed] if reports is not None else None
            yield judge(feed, own)

    return timeliness


def check_name(feed: str) -> str:
    return f"{feed}_received"


def read_due(warehouse: Warehouse) -> list[Due] | None:
    """What the mart says of every report; None where the mart has not been built."""
    rows = query_marts(
        warehouse.settings,
        "select feed, period_start, sender_id, status, due_at, first_received_at, days_late, coalesce(rows_count, "
        "0), coalesce(quarantined_rows_count, 0), due_at <= (select clock from core.dim_campaign) from "
        "marts.reporting_timeliness",
    )
    return None if rows is None else [Due(*row) for row in rows]


def judge(feed: str, reports: Sequence[Due] | None) -> AssetCheckResult:
    """The check's result for one feed."""
    if reports is None:
        return AssetCheckResult(
            asset_key=MART,
            check_name=check_name(feed),
            passed=False,
            severity=AssetCheckSeverity.WARN,
            description="marts.reporting_timeliness is not there yet: materialize the marts (job build_marts).",
        )
    due = [report for report in reports if report.is_due]
    newest = max((report.period_start for report in due), default=None)
    notable = sorted(
        (report for report in due if report.status in _ORDER),
        key=lambda report: (_ORDER[report.status], -report.period_start.toordinal(), report.sender_id),
    )
    missing = [report for report in notable if report.status == "missing"]
    fresh_trouble = [report for report in notable if report.period_start == newest and report.status != "missing"]
    return AssetCheckResult(
        asset_key=MART,
        check_name=check_name(feed),
        passed=not missing and not fresh_trouble,
        severity=AssetCheckSeverity.ERROR if missing else AssetCheckSeverity.WARN,
        description=_in_words(due, missing, fresh_trouble, newest) if reports else _NEVER_DUE,
        metadata={
            "newest_due_period": newest.isoformat() if newest else "none",
            "next_due": _next_due(reports),
            **{
                status: sum(report.status == status for report in due)
                for status in ("on_time", "late", "empty", "missing")
            },
            "to_chase": table(_COLUMNS, [_row(report) for report in notable]),
            "what_to_do": MetadataValue.md(
                "Ask the senders marked *missing*. Once one has delivered, materialize its partition of "
                f"`landing/{feed}`; the marts and this check follow by themselves."
            ),
        },
    )


def _in_words(due: Sequence[Due], missing: Sequence[Due], fresh_trouble: Sequence[Due], newest: date | None) -> str:
    if not due:
        return "No report of this feed is due yet."
    if missing:
        latest = max(report.period_start for report in missing)
        named = some(sorted({report.sender_id for report in missing if report.period_start == latest}), _MOST_NAMES)
        return f"{len(missing)} of {len(due)} due reports are missing; for the period from {latest}: {named}."
    if fresh_trouble:
        named = some(sorted({f"{report.sender_id} ({report.status})" for report in fresh_trouble}), _MOST_NAMES)
        return f"All {len(due)} due reports came; for the newest due period from {newest}: {named}."
    return f"All {len(due)} due reports came; those of the newest due period, from {newest}, on time."


def _next_due(reports: Sequence[Due]) -> str:
    waiting = [report.due_at for report in reports if not report.is_due]
    return f"{min(waiting):%Y-%m-%d %H:%M}" if waiting else "nothing more so far"


def _row(report: Due) -> tuple[str, str, str, datetime, datetime | None, int, int, int]:
    return (
        report.period_start.isoformat(), report.sender_id, report.status, report.due_at, report.first_received_at,
        report.days_late or 0, report.rows_count, report.quarantined_rows_count,
    )  # fmt: skip
