-- Whoever is in a key group is in any_key_group, and whoever is in a sub-group in the group it rolls up to; a person of
-- several groups is one in their union.
with

participation as (select * from {{ ref('key_group_participation') }}),

nested as (
    select group_code, rolled_group_code
    from {{ ref('bridge_group') }}
    where group_code <> rolled_group_code
),

against as (
    select
        parts.period_start,
        parts.province_code,
        nested.rolled_group_code,
        max(parts.declared_persons) as declared_largest,
        sum(parts.declared_persons) as declared_summed,
        max(parts.confirmed_persons) as confirmed_largest,
        sum(parts.confirmed_persons) as confirmed_summed,
        max(parts.completed_persons) as completed_largest,
        sum(parts.completed_persons) as completed_summed
    from participation as parts
    inner join nested on parts.group_code = nested.group_code
    group by parts.period_start, parts.province_code, nested.rolled_group_code
)

select against.*
from against
left join participation
    on against.period_start = participation.period_start
    and against.province_code = participation.province_code
    and against.rolled_group_code = participation.group_code
where against.declared_largest > coalesce(participation.declared_persons, 0)
    or against.confirmed_largest > coalesce(participation.confirmed_persons, 0)
    or against.completed_largest > coalesce(participation.completed_persons, 0)
    -- A group may have members of its own beside its sub-groups'; the union of all key groups has none
    or (
        against.rolled_group_code = 'any_key_group'
        and (
            against.declared_summed < participation.declared_persons
            or against.confirmed_summed < participation.confirmed_persons
            or against.completed_summed < participation.completed_persons
        )
    )
