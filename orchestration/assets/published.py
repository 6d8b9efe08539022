"""marts → published/marts: the copy that readers open, swapped in whole."""

from collections.abc import Iterable
from datetime import timedelta

from dagster import AssetKey, AssetsDefinition, FreshnessPolicy, MaterializeResult, MetadataValue, ResourceParam, asset

from orchestration.assets.flow import OWNERS, PUBLISHED_GROUP, PUBLISHED_KEY
from orchestration.assets.tables import table
from orchestration.assets.troubles import explained
from orchestration.campaign import Campaign
from orchestration.closing.errors import ClosingError
from orchestration.pipeline import check_publishable
from orchestration.publishing.errors import PublishError
from orchestration.resources import WRITER_POOL, Warehouse

# Between two due dates lies one period, give or take the holidays between them (eight days round the National Day).
_HOLIDAYS_DAYS = 8


def published_asset(marts: Iterable[AssetKey], campaign: Campaign) -> AssetsDefinition:
    """The published copy, below every mart."""
    period = timedelta(days=campaign.cadence_days)

    @asset(
        key=PUBLISHED_KEY,
        deps=sorted(marts),
        group_name=PUBLISHED_GROUP,
        kinds={"duckdb", "parquet"},
        owners=OWNERS,
        pool=WRITER_POOL,
        freshness_policy=FreshnessPolicy.time_window(
            warn_window=period + timedelta(days=1), fail_window=period + timedelta(days=_HOLIDAYS_DAYS)
        ),
        description="What analysts read: the marts and the dimensions they join to, small cells withheld, as one "
        "file (`published/marts.duckdb`) and as Parquet. Swapped in whole; a reader is never blocked. Nothing is "
        "published after a model or a test has failed: readers keep the last good copy.",
    )
    def marts_copy(warehouse: ResourceParam[Warehouse]) -> MaterializeResult:
        with explained(PublishError, ClosingError):
            # In a run of its own nothing above has failed, but the run before may have.
            check_publishable(warehouse.settings)
            report = warehouse.publish(warehouse.settings)
        rows = [(one.name, one.rows_count) for one in report.tables]
        return MaterializeResult(
            metadata={
                "path": MetadataValue.path(report.path),
                "version": report.version,
                "known_at": f"{report.known_at:%Y-%m-%d %H:%M}" if report.known_at else "nothing received yet",
                "tables": table({"table": "string", "rows": "int"}, rows),
                "withheld_cells": report.withheld_cells_count,
                "withheld_because_small": report.small_cells_count,
                "left_out_as_record_level": ", ".join(report.left_out) or "none",
                "dagster/row_count": report.rows_count,
            }
        )

    return marts_copy
