"""Sections 报送时效 and 双周对账: who filed when, and whether reports agree (reporting_timeliness,
dispatch_reconciliation)."""

from __future__ import annotations

import duckdb

from orchestration.reporting.period_report.charts import Bar, Series, stacks
from orchestration.reporting.period_report.head import NATION, Head
from orchestration.reporting.period_report.markup import Column, folded, note, section, table

SENDER_KINDS = {"platform": "平台 platforms", "bureau": "厅局 bureaus"}
STATUSES = (
    Series("按时", "on time", "s1"),
    Series("迟报", "late", "s3"),
    Series("空报", "empty", "s2"),
    Series("未报", "missing", "s4"),
    Series("未到期", "not due", "s5"),
)
AGREEMENT = (
    Series("一致", "agrees", "s1"),
    Series("不一致", "differs", "s3"),
    Series("未报", "not reported", "s4"),
)
LATE = (
    Column("报送单位", "sender", "text"),
    Column("编号", "id", "text"),
    Column("报表", "feed", "text"),
    Column("状态", "status", "text"),
    Column("应报时间", "due", "text"),
    Column("收到时间", "received", "text"),
    Column("迟报天数", "days late"),
)
DIFFERENCES = (
    Column("省份", "province", "text"),
    Column("指标", "indicator", "text"),
    Column("口径", "measure", "text"),
    Column("单位", "unit", "text"),
    Column("上报值", "reported", "number"),
    Column("库内值", "recorded", "number"),
    Column("差额", "recorded − reported", "number"),
    Column("差额占比", "of reported", "share"),
)
MEASURES = {"this_period": "本期", "cumulative": "累计"}
LARGEST = 40


def timeliness(connection: duckdb.DuckDBPyConnection, head: Head) -> str:
    counts = connection.execute(
        """
        select sender_kind, count(*) filter (status = 'on_time'), count(*) filter (status = 'late'),
            count(*) filter (status = 'empty'), count(*) filter (status = 'missing'),
            count(*) filter (status = 'not_due')
        from marts.reporting_timeliness where period_start = ? group by sender_kind order by sender_kind desc
        """,
        [head.period],
    ).fetchall()
    late = connection.execute(
        """
        select sender_name_zh, sender_id, feed_name_zh, status_name_zh, strftime(due_at, '%Y-%m-%d %H:%M'),
            strftime(first_received_at, '%Y-%m-%d %H:%M'), days_late
        from marts.reporting_timeliness
        where period_start = ? and status in ('late', 'missing', 'empty')
        order by days_late desc, sender_id, feed
        """,
        [head.period],
    ).fetchall()
    listed = table("late", LATE, late)
    return section(
        "timeliness",
        "报送时效",
        "Who filed in time",
        stacks(
            "timeliness",
            ("本期各报表的状态", "filings of the period by status"),
            [Bar(SENDER_KINDS.get(kind, kind), values) for kind, *values in counts],
            STATUSES,
        ),
        note(f"本期应于 {head.due_at:%Y-%m-%d %H:%M} 前报送。", "When the period's reports are due, Shanghai time."),
        listed if len(late) <= LARGEST else folded(f"迟报、未报、空报 {len(late)} 份", "late, missing, empty", listed),
    )


def reconciliation(connection: duckdb.DuckDBPyConnection, head: Head) -> str:
    """What is published of it: numbers of the period, without money, certificates and single groups."""
    counts = connection.execute(
        """
        select indicator_name_zh, count(*) filter (status = 'agrees'), count(*) filter (status = 'differs'),
            count(*) filter (status = 'not_reported')
        from marts.dispatch_reconciliation
        where period_start = ? and status <> 'not_recorded'
        group by indicator_code, indicator_name_zh, sort_order order by sort_order
        """,
        [head.period],
    ).fetchall()
    different = connection.execute(
        """
        select province_name_zh, indicator_name_zh, measure, unit, reported_value, recorded_value, difference,
            difference_share, is_suppressed
        from marts.dispatch_reconciliation
        where period_start = ? and status = 'differs' and province_code <> ? and difference is not null
        order by abs(difference_share) desc nulls last, province_code, sort_order, measure
        limit ?
        """,
        [head.period, NATION, LARGEST],
    ).fetchall()
    withheld = connection.execute(
        """
        select count(*) from marts.dispatch_reconciliation
        where period_start = ? and status = 'differs' and province_code <> ? and difference is null
        """,
        [head.period, NATION],
    ).fetchall()[0][0]
    named = [(*row[:2], MEASURES.get(row[2], row[2]), *row[3:]) for row in different]
    return section(
        "reconciliation",
        "双周调度表对账",
        "Reports against records",
        stacks(
            "reconciliation",
            ("各指标：各省本期数", "provinces by indicator, numbers of the period"),
            [Bar(name, values) for name, *values in counts],
            AGREEMENT,
        ),
        table("differences", DIFFERENCES, named, has_flag=True),
        note(f"另有 {withheld} 项不一致，其值未公布。", "More cells differ, and their values are withheld.")
        if withheld
        else "",
        note(
            f"表列相对差额最大的至多 {LARGEST} 项。累计数、金额、证书和各群体的对账不公布；"
            "库内只有填报值的指标不比较。",
            f"At most {LARGEST} cells, the largest relative differences. Numbers to date, money, certificates and "
            "single groups are not published; what is reported only is left out.",
        ),
    )
