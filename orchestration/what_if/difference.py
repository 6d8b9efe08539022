"""Two sets of decisions side by side: persons and money by scheme, province and group."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import duckdb

NATION, EVERYBODY = "000000", "all"


@dataclass(frozen=True)
class Row:
    """Entitled persons (distinct) and money due, CNY, as the rules are and as they would be. `province_code` 000000:
    the nation; `group_code` `all`: everybody, also who is in no group."""

    scheme: str
    province_code: str
    province_name_zh: str | None
    group_code: str
    group_name_zh: str | None
    entitled_persons: int
    entitled_persons_then: int
    persons_difference: int
    entitled_amount_cny: Decimal
    entitled_amount_then_cny: Decimal
    amount_difference_cny: Decimal


@dataclass(frozen=True)
class Difference:
    """`changed_decisions_count`: registrations × scheme whose decision, money, rule or reasons are others. `totals`:
    one row a scheme; `rows`: those by province and group in which persons or money differ."""

    changed_decisions_count: int
    totals: tuple[Row, ...]
    rows: tuple[Row, ...]


def keep_decisions(connection: duckdb.DuckDBPyConnection) -> None:
    """Set the decisions as they stand aside, before others are made. Raises duckdb.CatalogException without any."""
    connection.execute("create schema what_if")
    connection.execute("create table what_if.decision as from marts.subsidy_entitlement")


def read_difference(connection: duckdb.DuckDBPyConnection) -> Difference:
    """Compare the decisions that were set aside with those that stand now."""
    changed = connection.execute(
        """
        select count(*) from what_if.decision as before
        full join marts.subsidy_entitlement as after using (registration_sk, scheme)
        where before.is_entitled is distinct from after.is_entitled
            or before.entitled_amount_cny is distinct from after.entitled_amount_cny
            or before.rule_id is distinct from after.rule_id
            or before.reasons is distinct from after.reasons
        """
    ).fetchone()
    rows = [Row(*row) for row in connection.execute(_BY_PROVINCE_AND_GROUP, [NATION, EVERYBODY]).fetchall()]
    return Difference(
        changed[0] if changed else 0,
        tuple(row for row in rows if (row.province_code, row.group_code) == (NATION, EVERYBODY)),
        tuple(row for row in rows if row.persons_difference or row.amount_difference_cny),
    )


# Persons of a total are counted anew, since one may be entitled in two provinces and belong to three groups.
_BY_PROVINCE_AND_GROUP = """
with decision as (
    select 'before' as side, registration_sk, person_sk, scheme, province_code, is_entitled, entitled_amount_cny
    from what_if.decision
    union all
    select 'after', registration_sk, person_sk, scheme, province_code, is_entitled, entitled_amount_cny
    from marts.subsidy_entitlement
),
placed as (
    select decision.*, coalesce(member.group_code, $2) as group_code
    from decision left join core.fct_registration_group as member using (registration_sk)
    union all
    -- Everybody once more, where the line above has given each of their groups
    select decision.*, $2 from decision semi join core.fct_registration_group as member using (registration_sk)
),
counted as (
    select
        scheme,
        coalesce(province_code, $1) as province_code,
        group_code,
        count(distinct person_sk) filter (where side = 'before' and is_entitled) as persons_before,
        count(distinct person_sk) filter (where side = 'after' and is_entitled) as persons_after,
        coalesce(sum(entitled_amount_cny) filter (where side = 'before' and is_entitled), 0)::decimal(18, 2)
            as amount_before,
        coalesce(sum(entitled_amount_cny) filter (where side = 'after' and is_entitled), 0)::decimal(18, 2)
            as amount_after
    from placed
    group by grouping sets ((scheme, province_code, group_code), (scheme, group_code))
)
select
    counted.scheme, counted.province_code, province.province_name_zh, counted.group_code, groups.name_zh,
    persons_before, persons_after, persons_after - persons_before,
    amount_before, amount_after, (amount_after - amount_before)::decimal(18, 2)
from counted
left join core.dim_province as province on counted.province_code = province.province_code
left join core.dim_group as groups on counted.group_code = groups.group_code
order by counted.scheme, counted.province_code, counted.group_code
"""
