"""Which rows were refused: shown on the mart that counts them, since a refused row is a fact to act on and never a
failed run."""

from collections.abc import Sequence
from datetime import date

from dagster import (
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    MetadataValue,
    ResourceParam,
    asset_check,
)

from orchestration.assets.flow import mart_key
from orchestration.assets.tables import table
from orchestration.assets.troubles import explained
from orchestration.checks.marts import query_marts
from orchestration.resources import WRITER_POOL, Warehouse

CHECK_NAME = "no_row_refused"
# A dangling reference is shown in the same mart, but its row was taken.
_TAKEN = "orphaned"

Refused = tuple[date, str, str, str, int]


def quarantine_check() -> AssetChecksDefinition:
    """A warning with the refused rows counted by period, sender, feed and reason."""

    @asset_check(
        asset=mart_key("data_quality"),
        name=CHECK_NAME,
        pool=WRITER_POOL,
        description="No row broke the contract. Fails as a warning: the other rows of the batch went on, and these "
        "wait in quarantine.",
    )
    def no_row_refused(warehouse: ResourceParam[Warehouse]) -> AssetCheckResult:
        with explained():
            rows = query_marts(
                warehouse.settings,
                "select period_start, sender_id, feed, reason, rows_count from marts.data_quality where reason <> "
                f"'{_TAKEN}' and rows_count > 0 order by rows_count desc, sender_id, feed, period_start, reason",
            )
        return judge(rows)

    return no_row_refused


def judge(rows: Sequence[Refused] | None) -> AssetCheckResult:
    """`rows`: period_start, sender_id, feed, reason, count; None where the mart has not been built."""
    if rows is None:
        return AssetCheckResult(
            passed=False,
            severity=AssetCheckSeverity.WARN,
            description="marts.data_quality is not there yet: materialize the marts (job build_marts).",
        )
    refused = sum(row[-1] for row in rows)
    senders = len({row[1] for row in rows})
    return AssetCheckResult(
        passed=refused == 0,
        severity=AssetCheckSeverity.WARN,
        description=f"{refused} rows of {senders} senders are in quarantine."
        if refused
        else "No row is in quarantine.",
        metadata={
            "rows_refused": refused,
            "by_reason": table(
                {"period": "string", "sender": "string", "feed": "string", "reason": "string", "rows": "int"}, rows
            ),
            "what_to_do": MetadataValue.md(
                "`warehouse quarantine list` shows each row's position and field. Mend the column map or ask the "
                "sender, then `warehouse quarantine replay`."
            ),
        },
    )
