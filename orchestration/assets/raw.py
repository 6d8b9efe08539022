"""landing → raw/<feed>: the batches that the warehouse has not seen, in one transaction, by one writer."""

from collections.abc import Iterator
from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetsDefinition,
    AssetSpec,
    MaterializeResult,
    ResourceParam,
    TableColumn,
    TableSchema,
    multi_asset,
)

from orchestration.assets.flow import CONFIGURATION_KEY, OWNERS, RAW_GROUP, landing_key, raw_key
from orchestration.assets.troubles import explained
from orchestration.loading.database import open_for_reading
from orchestration.loading.load import LoadReport
from orchestration.loading.raw_schema import raw_tables
from orchestration.resources import WRITER_POOL, Warehouse
from orchestration.settings import Settings
from orchestration.sources.feeds import FEEDS

# The tables of the schema `raw` that are no feed's, by the asset that stands for them.
_BESIDES = {
    "ledger": (
        "What arrived: every entry of the senders' ledgers, and how many rows of each belong to which period.",
        ("ledger", "ledger_periods"),
    ),
    "quarantine": (
        "Rows that broke the contract: where they stood and why, without their content. `warehouse quarantine list` "
        "shows them.",
        ("quarantine",),
    ),
    "configuration": (
        "Campaign, calendar, targets and registry as the models read them.",
        ("config_campaign", "config_periods", "config_senders"),
    ),
}


def raw_assets() -> AssetsDefinition:
    """All tables of `raw`, filled together: loading only a part of what has landed would leave the marts at odds."""
    feeds = [
        AssetSpec(
            raw_key(name),
            deps=[landing_key(name)],
            group_name=RAW_GROUP,
            kinds={"duckdb", "python"},
            owners=OWNERS,
            description=f"All landed rows of `{name}`, every version of each record. One batch is loaded once.",
            metadata=_table_metadata(name),
        )
        for name in FEEDS
    ]
    every_feed = [landing_key(name) for name in FEEDS]
    besides = [
        AssetSpec(
            raw_key(name),
            deps=[CONFIGURATION_KEY] if name == "configuration" else every_feed,
            group_name=RAW_GROUP,
            kinds={"duckdb", "python"},
            owners=OWNERS,
            description=description,
            metadata=_table_metadata(tables[0]),
        )
        for name, (description, tables) in _BESIDES.items()
    ]

    @multi_asset(name="load", specs=[*feeds, *besides], pool=WRITER_POOL)
    def load(context: AssetExecutionContext, warehouse: ResourceParam[Warehouse]) -> Iterator[MaterializeResult]:
        """Load what has landed since the last time. Loads all feeds together, in one transaction; a second run loads
        nothing."""
        with explained():
            report = warehouse.load(warehouse.settings)
        context.log.info("Loaded %d new batches", report.batches_count)
        totals = _row_counts(warehouse.settings)
        for name in FEEDS:
            yield _result(name, report, totals.get(name, 0))
        for name, (_, tables) in _BESIDES.items():
            metadata: dict[str, Any] = {"dagster/row_count": sum(totals.get(table, 0) for table in tables)}
            if name == "ledger" and report.problems:
                # Whose new batches wait; the others are loaded.
                metadata["damaged_ledgers"] = "\n".join(report.problems)
            yield MaterializeResult(raw_key(name), metadata=metadata)

    return load


def _table_metadata(table: str) -> dict[str, Any]:
    columns = [TableColumn(name, kind) for name, kind in raw_tables()[table].items()]
    return {"dagster/table_name": f"raw.{table}", "dagster/column_schema": TableSchema(columns)}


def _result(feed: str, report: LoadReport, total: int) -> MaterializeResult:
    loaded = report.rows_by_feed.get(feed, 0)
    return MaterializeResult(raw_key(feed), metadata={"rows_loaded": loaded, "dagster/row_count": total})


def _row_counts(settings: Settings) -> dict[str, int]:
    """Rows of each table of `raw`, as the database's own catalogue knows them."""
    if not settings.database_path.is_file():
        return {}
    with open_for_reading(settings) as connection:
        counted = connection.execute(
            "select table_name, estimated_size from duckdb_tables() where schema_name = 'raw'"
        ).fetchall()
    return dict(counted)
