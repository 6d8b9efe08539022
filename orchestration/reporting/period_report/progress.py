"""Sections 总览, 每日进度, 各省: how the action stands (target_progress, registration_daily, registration_progress)."""

from __future__ import annotations

import duckdb

from orchestration.reporting.period_report.charts import columns, tiles
from orchestration.reporting.period_report.head import NATION, Head, of_last_period
from orchestration.reporting.period_report.markup import Column, figure_of, label, note, section, table

REGISTRATIONS, LEARNERS = Column("人次", "registrations"), Column("人", "learners")
TARGETS = (
    Column("目标", "target", "text"),
    Column("范围", "province", "text"),
    Column("目标值", "target value"),
    Column("实际值", "actual value"),
    Column("单位", "unit", "text"),
    Column("完成", "achieved", "share"),
    Column("时间进度", "expected by now", "share"),
    Column("达成日", "reached on", "text"),
)
PERIODS = (
    Column("报告期", "period", "text"),
    REGISTRATIONS,
    LEARNERS,
    Column("新增学员", "new learners"),
    Column("累计人次", "registrations to date"),
    Column("累计人数", "learners to date"),
    Column("结业人次", "completed"),
    Column("学习小时", "study hours", "hours"),
)
PROVINCES = (
    Column("省份", "province", "text"),
    REGISTRATIONS,
    LEARNERS,
    Column("累计人次", "registrations to date"),
    Column("累计人数", "learners to date"),
    Column("结业人次", "completed"),
    Column("学习小时", "study hours", "hours"),
)


def overview(connection: duckdb.DuckDBPyConnection, head: Head) -> str:
    rows = connection.execute(
        """
        select target_code, target_name_zh, province_name_zh, target_value, actual_value, unit, achieved_share,
            expected_share, reached_on, is_suppressed, province_code = ? as is_national
        from marts.target_progress
        where period_start = ?
        order by is_national desc, province_code, case target_code when 'platforms' then 1 when 'occupations' then 2
            else 3 end
        """,
        [NATION, head.action_period],
    ).fetchall()
    cards = "".join(_card(*row[:9]) for row in rows if row[-1])
    return section(
        "targets",
        "总览：515 目标",
        "The 515 targets",
        f'<div class="cards">{cards}</div>',
        table("targets", TARGETS, [row[1:10] for row in rows], has_flag=True),
        note(
            "竖线为时间进度。平台、职业为时点数；人次为通过核验、未撤销的报名，一人报两门计两次。",
            "The mark is the part of the action gone by. Platforms and occupations are stocks; a person who registers "
            "twice counts twice.",
        ),
    )


def _card(
    code: str,
    name: str,
    _province: str,
    target: object,
    actual: object,
    unit: str,
    share: float | None,
    expected: float,
    reached: object,
) -> str:
    filled = min(1.0, share or 0.0) * 100
    state = label(f"已于 {reached} 达成", "reached") if reached else label("尚未达成", "not yet reached")
    return (
        f'<div class="card"><h3>{label(name, code)}</h3><p class="big">{figure_of(actual, "count")}'
        f"<small> / {figure_of(target, 'count')} {unit}</small></p>"
        f'<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="base" width="100" height="10"/><rect class="s1" width="{filled:.2f}" height="10"/>'
        f'<rect class="mark" x="{min(99.3, expected * 100):.2f}" width="0.7" height="10"/></svg>'
        f"<p>{figure_of(share, 'share')} · {state}</p></div>"
    )


def daily(connection: duckdb.DuckDBPyConnection, head: Head) -> str:
    rows = connection.execute(
        """
        select day, registrations, active_learners
        from marts.dim_day
        left join (
            from marts.registration_daily where province_code = $nation and platform_id = '_all'
        ) using (day)
        where day between $first_day and least($as_at, $last_day)
        order by day
        """,
        {"nation": NATION, "first_day": head.first_day, "as_at": head.as_at, "last_day": head.last_day},
    ).fetchall()
    periods = connection.execute(
        """
        select period_start::varchar, registrations, learners, new_learners, cumulative_registrations,
            cumulative_learners, completed_registrations, study_hours, is_suppressed
        from marts.registration_progress
        where province_code = ? and platform_id = '_all' and period_start <= ?
        order by period_start
        """,
        [NATION, head.action_period],
    ).fetchall()
    starts = [
        start for (start,) in connection.execute("select period_start from marts.dim_period order by 1").fetchall()
    ]
    shown = (head.period, head.period_end)
    return section(
        "daily",
        "每日进度",
        "Day by day",
        columns(
            "daily_registrations",
            ("每日报名人次", "registrations a day"),
            [(day, value or 0) for day, value, _ in rows],
            marked=shown,
            ticks=starts,
        ),
        columns(
            "daily_active_learners",
            ("每日在学人数", "learners active on the day"),
            [(day, value or 0) for day, _, value in rows],
            marked=shown,
            ticks=starts,
        ),
        table("periods", PERIODS, periods, has_flag=True),
        note(
            "人数在每一行内去重，不能跨行相加。",
            "Persons are distinct within each row: never add them up over rows.",
        ),
    )


def provinces(connection: duckdb.DuckDBPyConnection, head: Head) -> str:
    rows = connection.execute(
        """
        select province_code, registration_progress.province_name_zh, registrations, learners,
            cumulative_registrations, cumulative_learners,
            completed_registrations, study_hours, is_suppressed
        from marts.registration_progress
        inner join marts.dim_province using (province_code)
        where platform_id = '_all' and period_start = ?
        order by province_code <> ?, sort_order
        """,
        [head.action_period, NATION],
    ).fetchall()
    values = {row[0]: (row[4], row[8]) for row in rows if row[0] != NATION}
    return section(
        "provinces",
        "各省",
        "Provinces",
        of_last_period(head),
        tiles("provinces", ("累计报名人次", "registrations to date"), values),
        table("provinces", PROVINCES, [row[1:] for row in rows], has_flag=True),
    )
