with

comparisons as (select * from {{ ref('fct_known_comparison') }}),

registrations as (select * from {{ ref('fct_hybrid_registration') }}),

rolled as (select group_code, rolled_group_code from {{ ref('bridge_group') }}),

rosters as (select * from {{ ref('stg_roster_history') }}),

claimed as (
    select comparison_id, step_number, registration_sk, {{ each_element('declared_groups') }} as group_code
    from registrations

    union all

    select registrations.comparison_id, registrations.step_number, registrations.registration_sk, rosters.group_code
    from registrations
    inner join comparisons on registrations.comparison_id = comparisons.comparison_id
    inner join rosters
        on registrations.person_sk = rosters.person_sk
        and registrations.registered_on >= rosters.valid_from
        and (rosters.valid_to is null or registrations.registered_on <= rosters.valid_to)
        and case when registrations.step_number >= 6 then comparisons.to_at else comparisons.from_at end >= rosters.known_from
        and case when registrations.step_number >= 6 then comparisons.to_at else comparisons.from_at end < rosters.known_to
        and (
            rosters.ended_at is null
            or case when registrations.step_number >= 6 then comparisons.to_at else comparisons.from_at end < rosters.ended_at
            or registrations.registered_on <= cast(rosters.ended_at as date)
        )
),

memberships as (
    select distinct
        claimed.comparison_id, claimed.step_number, claimed.registration_sk, '_' || rolled.rolled_group_code as suffix
    from claimed
    inner join rolled on claimed.group_code = rolled.group_code
),

registered as (
    select comparison_id, step_number, registration_sk, '' as suffix from registrations
    union all
    select comparison_id, step_number, registration_sk, suffix from memberships
),

-- Each thing that counts: on its day, and once as whom or what it is
events as (
    select
        comparison_id, step_number, registrations.last_step,
        'registrations' || suffix as indicator_code, registrations.province_code,
        registrations.registered_on as day, cast(null as varchar) as subject, cast(1 as decimal(18, 2)) as quantity
    from registered
    inner join registrations using (comparison_id, step_number, registration_sk)

    union all

    select
        comparison_id, step_number, registrations.last_step, 'learners' || suffix, registrations.province_code,
        registrations.registered_on, cast(registrations.person_sk as varchar), null
    from registered
    inner join registrations using (comparison_id, step_number, registration_sk)

    union all

    select comparison_id, step_number, last_step, 'completed', province_code, completed_on, null, 1
    from registrations
    where completed_on is not null

    union all

    select comparison_id, step_number, last_step, 'certificates', province_code, day, null, 1
    from (
        select comparison_id, step_number, last_step, province_code, {{ each_element('certificate_days') }} as day
        from registrations
    ) as certificates

    union all

    select
        comparison_id, step_number, last_step,
        case scheme
            when 'training' then 'training_subsidy_amount_cny'
            when 'living_allowance' then 'living_allowance_amount_cny'
            else 'prepaid_amount_cny'
        end,
        province_code, paid_on, null, amount_cny
    from {{ ref('fct_hybrid_payment') }}

    union all

    select
        comparison_id, step_number, last_step,
        case scheme when 'training' then 'training_subsidy_persons' else 'living_allowance_persons' end,
        province_code, paid_on, cast(person_sk as varchar), null
    from {{ ref('fct_hybrid_payment') }}
    where scheme in ('training', 'living_allowance') and payee_kind = 'person' and person_sk is not null

    union all

    select comparison_id, step_number, last_step, 'prepaid_projects', province_code, paid_on, province_code || project_id, null
    from {{ ref('fct_hybrid_payment') }}
    where scheme = 'project_prepayment' and project_id is not null

    union all

    select comparison_id, step_number, 7, 'penalties', province_code, decided_on, null, 1
    from {{ ref('fct_hybrid_penalty') }}
)

select
    comparison_id, step_number, cast(last_step as integer) as last_step, indicator_code, province_code, day, subject,
    cast(sum(quantity) as decimal(18, 2)) as quantity
from events
group by comparison_id, step_number, last_step, indicator_code, province_code, day, subject
