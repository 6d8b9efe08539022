"""Campaign and registry as rows of raw: the newest landed ones replace what was there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import duckdb

from orchestration.calendar import Period
from orchestration.campaign import Campaign
from orchestration.loading.database import wall_time
from orchestration.loading.raw_schema import CONFIG_TABLES

NATION = "000000"


def replace_campaign(connection: duckdb.DuckDBPyConnection, campaign: Campaign, periods: Sequence[Period]) -> None:
    """Replace config_campaign, config_periods, config_targets and config_key_region_sets."""
    replace_rows(
        connection,
        "config_campaign",
        [campaign.model_dump(include=set(CONFIG_TABLES["config_campaign"]))],
    )
    replace_rows(
        connection,
        "config_periods",
        [
            {
                "period_start": period.start,
                "period_end": period.end,
                "period_number": period.number,
                "due_at": wall_time(period.due_at),
            }
            for period in periods
        ],
    )
    names = {target.target_code: (target.unit, target.name_zh) for target in campaign.targets}
    national = [(target.target_code, NATION, target.value) for target in campaign.targets]
    provincial = [(target.target_code, target.province_code, target.value) for target in campaign.province_targets]
    replace_rows(
        connection,
        "config_targets",
        [
            {
                "target_code": code,
                "province_code": province,
                "target_value": value,
                "unit": names.get(code, (None, None))[0],
                "name_zh": names.get(code, (None, None))[1],
            }
            for code, province, value in (*national, *provincial)
        ],
    )
    replace_rows(connection, "config_key_region_sets", [item.model_dump() for item in campaign.key_region_sets])


def replace_rows(connection: duckdb.DuckDBPyConnection, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Empty a config table and fill it anew; a config table has tens of rows, never data."""
    columns = CONFIG_TABLES[table]
    connection.execute(f"delete from raw.{table}")
    values = [[row.get(name) for name in columns] for row in rows]
    if values:
        marks = ", ".join("?" for _ in columns)
        connection.executemany(f"insert into raw.{table} values ({marks})", values)
