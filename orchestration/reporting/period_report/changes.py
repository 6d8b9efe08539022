"""Sections 报送到台账 and 重述: from what was filed to what the record says, and how figures of ended periods changed
(reconciliation_bridge, restatement)."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from orchestration.reporting.period_report.charts import Bar, Series, bars, stacks
from orchestration.reporting.period_report.filings import LARGEST, MEASURES
from orchestration.reporting.period_report.head import NATION, Head
from orchestration.reporting.period_report.markup import Column, note, section, table

# The bridge's steps between what was filed and what is recorded, in its order
STEPS = {
    "unexplained": ("不明", "unexplained"),
    "late_arrival": ("迟到", "late arrival"),
    "correction": ("更正", "correction"),
    "cancellation": ("取消", "cancellation"),
    "verification": ("核验", "verification"),
    "recoding": ("编码", "recoding"),
    "roster": ("名册", "roster"),
    "rule": ("规则", "rule"),
}
CAUSES = {
    "unverified": "未实名 unverified",
    "cancelled": "已取消 cancelled",
    "unselected_platform": "平台未入选 platform not selected",
    "other_province": "属他省 other province",
}
DIRECTIONS = (Series("调增", "raised by it", "s1"), Series("调减", "lowered by it", "s3"))
PARTS = (
    Series("迟到", "late arrival", "s1"),
    Series("更正", "correction", "s3"),
    Series("取消", "cancellation", "s4"),
    Series("核验", "verification", "s2"),
    Series("编码、名册、规则", "recoding, roster, rule", "s5"),
)
# Of each of PARTS its SQL
DELTAS = (
    "late_arrival_delta",
    "correction_delta",
    "cancellation_delta",
    "verification_delta",
    "recoding_delta + roster_delta + rule_delta",
)
BRIDGE = (
    Column("省份", "province", "text"),
    Column("指标", "indicator", "text"),
    Column("口径", "measure", "text"),
    Column("上报值", "reported", "number"),
    *(Column(zh, en, "number") for zh, en in STEPS.values()),
    Column("库内值", "recorded", "number"),
    Column("可能原因", "likely cause", "text"),
)
RESTATED = (
    Column("报告期", "period", "text"),
    Column("指标", "indicator", "text"),
    Column("口径", "measure", "text"),
    Column("首次到期时", "known when first due", "number"),
    Column("最近到期时", "known at the latest due time", "number"),
    Column("变化", "change", "number"),
    *(Column(each.zh, each.en, "number") for each in PARTS),
)


def bridge(connection: duckdb.DuckDBPyConnection, head: Head) -> str:
    """What is published of the bridge: of provinces, indicators without persons and money."""
    steps = connection.execute(
        """
        select step, count(*) filter (value > 0), count(*) filter (value < 0)
        from marts.reconciliation_bridge where period_start = ? group by step
        """,
        [head.period],
    ).fetchall()
    changed = {step: counts for step, *counts in steps if step in STEPS}
    added = ", ".join(f"max(value) filter (step = '{step}')" for step in STEPS)
    figures = connection.execute(
        f"""
        select province_name_zh, indicator_name_zh, measure, max(value) filter (step = 'reported') as reported, {added},
            max(value) filter (step = 'recorded') as recorded, max(likely_cause)
        from marts.reconciliation_bridge
        where period_start = ?
        group by province_code, province_name_zh, indicator_code, indicator_name_zh, sort_order, measure
        having bool_or(step not in ('reported', 'recorded') and value <> 0)
        order by abs(recorded - reported) desc, max(abs(value)) filter (step not in ('reported', 'recorded')) desc,
            province_code, sort_order, measure
        limit ?
        """,
        [head.period, LARGEST],
    ).fetchall()
    named = [(*row[:2], MEASURES[row[2]], *row[3:-1], CAUSES.get(row[-1], row[-1])) for row in figures]
    return section(
        "bridge",
        "从上报值到库内值",
        "From what was filed to what is recorded",
        bars(
            "bridge",
            ("各步改变的数字个数", "figures that each step changes"),
            [Bar(f"{zh} {en}", changed[step]) for step, (zh, en) in STEPS.items() if any(changed.get(step, ()))],
            DIRECTIONS,
        ),
        table("bridge", BRIDGE, named),
        note(
            f"上报值加各步之和等于库内值；列有变动者，差额大者在前，至多 {LARGEST} 项。各省只公布无人数和金额的指标。",
            f"Filed, plus every step, is recorded. Figures that some step changes, the largest differences first, at "
            f"most {LARGEST}. Of provinces only indicators without persons and money are published.",
        ),
    )


def restatements(connection: duckdb.DuckDBPyConnection, head: Head) -> str:
    """The nation's figures of this period and those before, as far as they had changed from when they were first due
    to the latest due time."""
    of_nation = "from marts.restatement where province_code = ? and period_start <= ?"
    dues = connection.execute(
        f"""
        select strftime(dispatch_at, '%Y-%m-%d'), {", ".join(f"count_if({delta} <> 0)" for delta in DELTAS)}
        {of_nation} group by dispatch_at order by dispatch_at
        """,
        [NATION, head.period],
    ).fetchall()
    figures = connection.execute(
        f"""
        select strftime(period_start, '%Y-%m-%d'), indicator_name_zh, measure, min_by(value_before, dispatch_at),
            max_by(value, dispatch_at), sum(delta) as change, {", ".join(f"sum({delta})" for delta in DELTAS)}
        {of_nation}
        group by period_start, indicator_code, indicator_name_zh, measure
        having bool_or(delta <> 0)
        order by period_start desc, abs(change) desc, indicator_code, measure
        limit ?
        """,
        [NATION, head.period, LARGEST],
    ).fetchall()
    named = [(*row[:2], MEASURES[row[2]], *row[3:]) for row in figures]
    return section("restatements", "重述", "How figures of ended periods changed", *_restated(dues, named))


def _restated(dues: Sequence[tuple], figures: Sequence[tuple]) -> tuple[str, ...]:
    if not figures:
        return (
            note(
                "已报各期的全国数字未变（至最近到期时）。",
                "No national figure had changed from when it was first due to the latest due time.",
            ),
        )
    return (
        stacks(
            "restatements",
            ("各报送截止时变化的数字个数，按原因", "figures changed at each due time, by cause"),
            [Bar(f"至 {due}", counts) for due, *counts in dues],
            PARTS,
        ),
        table("restatements", RESTATED, figures),
        note(
            f"全国，本期及以前各期，由近及远，至多 {LARGEST} 项，至 {dues[-1][0]} 到期时止，其后收到的不计。"
            "一个数字可因几种原因变化。",
            f"The nation, this period and those before it, at most {LARGEST}, up to the due time of {dues[-1][0]}; "
            "what came after it is left out. A figure can change by several causes.",
        ),
    )
