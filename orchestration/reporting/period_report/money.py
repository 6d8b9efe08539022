"""Sections 补贴 and 监管 (subsidy_progress, supervision_signal_summary)."""

from __future__ import annotations

import duckdb

from orchestration.reporting.period_report.charts import Bar, Series, bars, stacks
from orchestration.reporting.period_report.head import NATION, Head
from orchestration.reporting.period_report.markup import Column, note, section, table

SCHEMES = (
    Column("种类", "scheme", "text"),
    Column("资金", "fund", "text"),
    Column("应享（元）", "entitled, CNY", "money"),
    Column("申领笔数", "claims"),
    Column("申领（元）", "claimed, CNY", "money"),
    Column("批准（元）", "approved, CNY", "money"),
    Column("驳回笔数", "rejected"),
    Column("发放（元）", "paid, CNY", "money"),
    Column("发放人数", "persons paid"),
    Column("追回（元）", "recovered, CNY", "money"),
    Column("期末未付（元）", "unpaid, CNY", "money"),
    Column("逾期笔数", "overdue"),
    Column("申领至发放天数", "median days", "days"),
)
PROVINCES = (
    Column("省份", "province", "text"),
    Column("申领（元）", "claimed, CNY", "money"),
    Column("批准（元）", "approved, CNY", "money"),
    Column("发放（元）", "paid, CNY", "money"),
    Column("追回（元）", "recovered, CNY", "money"),
    Column("期末未付（元）", "unpaid, CNY", "money"),
)
SIGNALS = (
    Column("规则", "rule", "text"),
    Column("对象", "subject", "text"),
    Column("程度", "severity", "text"),
    Column("线索", "signals"),
    Column("待处理", "open"),
    Column("已处罚", "penalised"),
    Column("已追回", "recovered"),
    Column("已了结", "cleared"),
    Column("涉及金额（元）", "at risk, CNY", "money"),
)
SEVERITIES = {"high": "高 high", "medium": "中 medium", "low": "低 low"}
STEPS = (
    Series("申领", "claimed", "s1"),
    Series("批准", "approved", "s2"),
    Series("发放", "paid", "s3"),
)
OUTCOMES = (
    Series("待处理", "open", "s4"),
    Series("已处罚", "penalised", "s3"),
    Series("已追回", "recovered", "s1"),
    Series("已了结", "cleared", "s2"),
)


def subsidies(connection: duckdb.DuckDBPyConnection, head: Head) -> str:
    rows = connection.execute(
        """
        select scheme_name_zh, fund_name_zh, entitled_amount_cny, claimed_count, claimed_amount_cny,
            approved_amount_cny, rejected_count, paid_amount_cny, paid_persons, recovered_amount_cny,
            unpaid_amount_cny, overdue_claims_count, median_days_claim_to_paid, is_suppressed
        from marts.subsidy_progress
        where period_start = ? and province_code = ?
        order by scheme, fund
        """,
        [head.period, NATION],
    ).fetchall()
    # A withheld amount makes its province's sum unknown, not smaller
    provinces = connection.execute(
        """
        with summed as (
            select province_code, any_value(province_name_zh) as name_zh,
                case when count(claimed_amount_cny) = count(*) then sum(claimed_amount_cny) end as claimed,
                case when count(approved_amount_cny) = count(*) then sum(approved_amount_cny) end as approved,
                case when count(paid_amount_cny) = count(*) then sum(paid_amount_cny) end as paid,
                case when count(recovered_amount_cny) = count(*) then sum(recovered_amount_cny) end as recovered,
                case when count(unpaid_amount_cny) = count(*) then sum(unpaid_amount_cny) end as unpaid,
                bool_or(is_suppressed) as is_suppressed
            from marts.subsidy_progress
            where period_start = ?
            group by province_code
        )
        select name_zh, claimed, approved, paid, recovered, unpaid, is_suppressed
        from summed inner join marts.dim_province using (province_code)
        order by province_code <> ?, sort_order
        """,
        [head.period, NATION],
    ).fetchall()
    return section(
        "subsidies",
        "补贴",
        "Subsidies",
        bars(
            "subsidies",
            ("本期金额（元），全国", "amounts of the period, CNY, national"),
            [Bar(f"{row[0]}（{row[1]}）", [row[4], row[5], row[7]], row[13]) for row in rows],
            STEPS,
            "money",
        ),
        table("subsidies", SCHEMES, rows, has_flag=True),
        table("subsidy_provinces", PROVINCES, provinces, has_flag=True),
        note(
            "申领、批准、发放各按其发生之日计入本期；期末未付为截至期末已批准未发放的金额。省的任一项未公布时，其合计也不公布。",
            "Each step counts on its own day; unpaid is what was approved and not paid by the period's end. Where one "
            "part of a province is withheld its sum is not shown.",
        ),
    )


def supervision(connection: duckdb.DuckDBPyConnection, head: Head) -> str:
    rows = connection.execute(
        """
        select rule_name_zh, subject_kind_name_zh, severity, signals_count, open_count, penalised_count,
            recovered_count, cleared_count, amount_at_risk_cny, is_suppressed
        from marts.supervision_signal_summary
        where period_start = ?
        order by signals_count desc nulls last, rule_id, subject_kind, severity
        """,
        [head.period],
    ).fetchall()
    named = [(*row[:2], SEVERITIES.get(row[2], row[2]), *row[3:]) for row in rows]
    return section(
        "supervision",
        "监管线索",
        "Supervision",
        stacks(
            "supervision",
            ("各规则的线索与处理", "signals by rule and outcome"),
            [Bar(f"{row[0]}（{row[1]}）", row[4:8], row[9]) for row in rows],
            OUTCOMES,
        ),
        table("supervision", SIGNALS, named, has_flag=True),
        note(
            "线索不是结论：每一条都需人工核实。",
            "A signal is no finding: somebody has to look into each.",
        ),
    )
