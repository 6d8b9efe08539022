"""Sections 职业覆盖, 重点群体, 重点地区 (occupation_coverage, key_group_participation, key_region_support)."""

from __future__ import annotations

from html import escape

import duckdb

from orchestration.reporting.period_report.charts import Bar, Series, bars, stacks
from orchestration.reporting.period_report.head import NATION, Head, of_last_period
from orchestration.reporting.period_report.markup import Column, folded, note, section, table

CATEGORIES = {
    "urgent_shortage": "紧缺急需",
    "large_workforce": "从业人数多",
    "new_industry": "新产业",
    "new_occupation_skill": "新职业",
}
OCCUPATIONS = (
    Column("职业", "occupation", "text"),
    Column("类别", "category", "text"),
    Column("在线课程", "open courses"),
    Column("平台", "platforms"),
    Column("课时", "class hours"),
    Column("人次", "registrations"),
    Column("人", "learners"),
    Column("结业人次", "completed"),
    Column("证书", "certificates"),
)
GROUPS = (
    Column("群体", "group", "text"),
    Column("申报人次", "declared registrations"),
    Column("核实人次", "confirmed registrations"),
    Column("申报人数", "declared persons"),
    Column("核实人数", "confirmed persons"),
    Column("结业人数", "completed persons"),
    Column("学习小时", "study hours", "hours"),
    Column("领生活费补贴人数", "with living allowance"),
)
REGIONS = (
    Column("地区", "region", "text"),
    Column("专区课程", "zone courses"),
    Column("设专区的部属平台", "ministry platforms"),
    Column("人次", "registrations"),
    Column("人", "learners"),
    Column("重点群体人数", "in key groups"),
    Column("结业人数", "completed"),
    Column("补贴（元）", "paid, CNY", "money"),
)
MOST_TAKEN = 15
COVERAGE = (
    Series("有课且有人学", "covered and taken up", "s1"),
    Series("有课无人学", "covered only", "s3"),
    Series("无课", "not covered", "s4"),
)
KINDS = (Series("申报", "declared", "s1"), Series("核实", "confirmed", "s2"))


def occupations(connection: duckdb.DuckDBPyConnection, head: Head) -> str:
    rows = connection.execute(
        """
        select occupation_name_zh, category, courses_open_count, platforms_offering_count, class_hours_open,
            registrations, learners, completed_registrations, certificates_count, is_suppressed
        from marts.occupation_coverage
        where period_start = ?
        order by registrations desc nulls last, occupation_code
        """,
        [head.action_period],
    ).fetchall()
    shares = connection.execute(
        """
        select category, count(*) filter (is_covered and is_taken_up), count(*) filter (is_covered and not is_taken_up),
            count(*) filter (not is_covered)
        from marts.occupation_coverage where period_start = ? group by category order by count(*) desc, category
        """,
        [head.action_period],
    ).fetchall()
    uncovered = connection.execute(
        """
        select occupation_name_zh from marts.occupation_coverage
        where period_start = ? and not is_covered order by occupation_code
        """,
        [head.action_period],
    ).fetchall()
    # What is withheld has no place in an order; alone it tells that there is something
    taken = [Bar(row[0], [row[5]], row[9]) for row in rows if row[5]][:MOST_TAKEN]
    hidden = [Bar(row[0], [row[5]], row[9]) for row in rows if row[5] is None]
    named = [(name, CATEGORIES.get(category, category), *rest) for name, category, *rest in rows]
    return section(
        "occupations",
        "职业覆盖",
        "Occupations covered",
        of_last_period(head),
        stacks(
            "coverage",
            ("各类职业的覆盖", "occupations by category"),
            [Bar(CATEGORIES.get(category, category), values) for category, *values in shares],
            COVERAGE,
        ),
        bars(
            "occupations",
            (f"本期人次最多的 {MOST_TAKEN} 个职业", "most registrations in the period"),
            taken or hidden,
            [Series("人次", "registrations", "s1")],
        ),
        _uncovered([name for (name,) in uncovered]),
        folded("全部职业", "every occupation", table("occupations", OCCUPATIONS, named, has_flag=True)),
    )


def _uncovered(names: list[str]) -> str:
    if not names:
        return note("所有职业均有在线课程。", "Every occupation is covered.")
    listed = f'<p data-list="uncovered">{"、".join(map(escape, names))}</p>'
    return folded(f"无课的职业 {len(names)} 个", "not covered", listed)


def groups(connection: duckdb.DuckDBPyConnection, head: Head) -> str:
    rows = connection.execute(
        """
        select group_name_zh, declared_registrations, confirmed_registrations, declared_persons, confirmed_persons,
            completed_persons, study_hours, allowance_persons, is_suppressed
        from marts.key_group_participation
        where period_start = ? and province_code = ?
        order by group_code = 'any_key_group' desc, group_code
        """,
        [head.period, NATION],
    ).fetchall()
    return section(
        "groups",
        "重点群体",
        "Key groups",
        bars(
            "groups",
            ("本期报名人数", "persons who registered in the period"),
            [Bar(row[0], [row[3], row[4]], row[8]) for row in rows],
            KINDS,
        ),
        table("groups", GROUPS, rows, has_flag=True),
        note(
            "申报：学员自称；核实：任一厅局的名册当日有其人。一人可属多个群体。",
            "Declared by the learner; confirmed by a bureau's roster on the day. Groups overlap.",
        ),
    )


def regions(connection: duckdb.DuckDBPyConnection, head: Head) -> str:
    query = """
        select region_set_name_zh, zone_courses_count, ministry_platforms_with_zone_count, registrations, learners,
            key_group_persons, completed_persons, paid_amount_cny, key_region_support.is_suppressed
        from marts.key_region_support
        inner join marts.dim_region_set using (region_set)
        where period_start = ? and (kind = 'county') = ?
        order by kind = 'union' desc, region_set
        """
    sets = connection.execute(query, [head.period, False]).fetchall()
    counties = connection.execute(query, [head.period, True]).fetchall()
    return section(
        "regions",
        "重点地区",
        "Key regions",
        bars(
            "regions",
            ("本期报名人次", "registrations in the period"),
            [Bar(row[0], [row[3]], row[8]) for row in sets],
            [Series("人次", "registrations", "s1")],
        ),
        table("regions", REGIONS, sets, has_flag=True),
        note("各地区有重叠，合计不重复。", "The regions overlap; the union counts each once."),
        folded(
            f"{len(counties)} 个挂牌督战县",
            "each supervised county",
            table("counties", REGIONS, counties, has_flag=True),
        ),
    )
