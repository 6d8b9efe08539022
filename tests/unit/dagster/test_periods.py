"""The periods as an asset and its check, run in process."""

from __future__ import annotations

import duckdb
from dagster import AssetKey, AssetSelection, materialize

from orchestration.assets.flow import PERIODS_KEY
from orchestration.assets.periods import CHECK_NAME, periods_asset, periods_check
from orchestration.closing.record import PeriodEvent, appending
from orchestration.partitions import read_roster

PERIOD = "2020-03-23"


def show(warehouse, instance):
    result = materialize(
        [periods_asset(read_roster(warehouse.settings)), periods_check()],
        selection=AssetSelection.assets(PERIODS_KEY),
        resources={"warehouse": warehouse},
        instance=instance,
        raise_on_error=False,
    )
    assert result.success
    (materialized,) = result.asset_materializations_for_node("published__reporting_periods")
    (check,) = result.get_asset_check_evaluations()
    assert (check.asset_key, check.check_name) == (AssetKey(PERIODS_KEY.path), CHECK_NAME)
    return [dict(record.data) for record in materialized.metadata["periods"].records], check


def test_before_anything_is_closed_every_begun_period_is_open(warehouse, instance):
    rows, check = show(warehouse, instance)
    assert [(row["number"], row["state"]) for row in rows] == [(number, "open") for number in range(1, 5)]
    assert check.passed


def test_a_closed_period_that_changed_is_a_warning_on_the_asset(warehouse, instance):
    with appending(warehouse.settings.warehouse_dir) as record:
        record.append(
            PeriodEvent(
                period_start=PERIOD, state="closed", by="li", at="2020-04-10T09:00:00+08:00",
                figures={"target_progress": "0" * 64},
            )
        )  # fmt: skip
    with duckdb.connect(str(warehouse.settings.database_path)) as connection:
        connection.execute("create schema marts")
    rows, check = show(warehouse, instance)
    assert (rows[0]["state"], rows[0]["by"], rows[0]["changed_after_closing"]) == ("closed", "li", "target_progress")
    assert not check.passed
    assert check.severity.value == "WARN"
    assert check.description == f"Closed periods whose figures have changed: {PERIOD}: target_progress."
