"""A warehouse.duckdb made by hand: two marts with counts, one without, record-level ones, and the dimensions."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.loading.database import open_for_writing, set_clock
from orchestration.publishing.specification import load_specification
from orchestration.settings import Settings

NOW = "2020-07-10T09:00:00+08:00"
PROVINCES = {"110000": "北京", "420000": "湖北", "540000": "西藏", "650000": "新疆"}
PLATFORMS = {"P001": "样例一", "P002": "样例二", "P003": "样例三"}


def make_settings(warehouse_dir: Path) -> Settings:
    return Settings.from_environment(
        {
            "WAREHOUSE_DIR": str(warehouse_dir),
            "WAREHOUSE_NOW": NOW,
            "WAREHOUSE_THREADS": "1",
            "WAREHOUSE_MEMORY_LIMIT": "512MiB",
        }
    )


def make_warehouse(settings: Settings, registrations: int = 900, seed: float = 0.25) -> None:
    """Draw registrations (the small provinces get few) and count them into marts, in place of dbt."""
    set_clock(settings, run_id="run-1")
    with open_for_writing(settings) as connection:
        connection.execute("create schema if not exists marts; create schema if not exists core")
        _dimensions(connection)
        _registrations(connection, registrations, seed)
        _progress(connection)
        _daily(connection)
        connection.execute(
            """
            create or replace table marts.reporting_timeliness as
            select date '2020-03-23' as period_start, 'P001' as sender_id, 'registrations' as feed, 'late' as status,
                '样例' as sender_name_zh, 2::bigint as versions_count, 7::bigint as rows_count,
                1::bigint as quarantined_rows_count, 3::bigint as days_late;
            create or replace table marts.learner_timeline as
            select '0f8fad5b-d9cb-469f-a165-70867728950e'::uuid as person_key, timestamp '2020-04-01' as happened_at
            """
        )


def _dimensions(connection: duckdb.DuckDBPyConnection) -> None:
    for name in load_specification().dimensions:
        connection.execute(f"create or replace table core.{name} as select '{name}' as code, '名称' as name_zh")


def _registrations(connection: duckdb.DuckDBPyConnection, count: int, seed: float) -> None:
    connection.execute(f"select setseed({seed})")
    connection.execute(
        f"""
        create or replace temp table registrations as
        select ['110000', '420000', '540000', '650000'][1 + floor(4 * power(random(), 3))::int] as province_code,
            ['P001', 'P002', 'P003'][1 + floor(3 * power(random(), 2))::int] as platform_id,
            date '2020-03-23' + floor(100 * random())::int as day,
            floor(random() * 0.8 * {count})::bigint as person
        from range({count})
        """
    )


def _names(table: str) -> str:
    provinces = " ".join(f"when '{code}' then '{name}'" for code, name in {**PROVINCES, "000000": "全国"}.items())
    platforms = " ".join(f"when '{code}' then '{name}'" for code, name in {**PLATFORMS, "_all": "全部平台"}.items())
    return f"""
        {table}.province_code, case {table}.province_code {provinces} end as province_name_zh,
        {table}.platform_id, case {table}.platform_id {platforms} end as platform_name_zh,
        case when {table}.province_code = '000000' or {table}.platform_id = '_all' then 'total'
            else 'detail' end as row_kind
    """


_CUBED = "coalesce(province_code, '000000') as province_code, coalesce(platform_id, '_all') as platform_id"


def _progress(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        f"""
        create or replace table marts.registration_progress as
        with placed as (
            select *, date '2020-03-23' + 14 * ((day - date '2020-03-23') // 14)::int as period_start from registrations
        ),
        periods as (
            select distinct period_start from placed
        ),
        counted as (
            select period_start, {_CUBED}, count(*) as registrations, count(distinct person) as learners
            from placed group by period_start, cube (province_code, platform_id)
        ),
        joined as (
            select period_start, province_code, platform_id, count(*) as new_learners from (
                select min(period_start) as period_start, {_CUBED}
                from placed group by person, cube (province_code, platform_id)
            ) group by all
        ),
        standing as (
            select periods.period_start, places.province_code, places.platform_id,
                coalesce(registrations, 0) as registrations, coalesce(learners, 0) as learners,
                coalesce(new_learners, 0) as new_learners,
                sum(coalesce(registrations, 0)) over to_date as cumulative_registrations,
                sum(coalesce(new_learners, 0)) over to_date as cumulative_learners
            from periods cross join (select distinct province_code, platform_id from counted) as places
            left join counted using (period_start, province_code, platform_id)
            left join joined using (period_start, province_code, platform_id)
            window to_date as (partition by places.province_code, places.platform_id order by periods.period_start)
        )
        select period_start, {_names("standing")}, period_start < date '2020-06-29' as is_complete,
            registrations, learners, cumulative_registrations::bigint as cumulative_registrations,
            cumulative_learners::bigint as cumulative_learners, new_learners,
            0::bigint as cancelled_registrations, 0::bigint as unverified_registrations,
            0::bigint as completed_registrations, (registrations * 1.5)::decimal(18, 4) as study_hours
        from standing where cumulative_registrations > 0
        """
    )


def _daily(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        f"""
        create or replace table marts.registration_daily as
        with counted as (
            select day, {_CUBED}, count(*) as registrations, count(distinct person) as learners
            from registrations group by day, cube (province_code, platform_id)
        )
        select day, {_names("counted")}, registrations, learners, registrations as active_learners,
            (registrations * 1.5)::decimal(18, 4) as study_hours
        from counted
        """
    )
