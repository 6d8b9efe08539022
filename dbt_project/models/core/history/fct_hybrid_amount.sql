with

comparisons as (
    select *, province_code is null as is_national from {{ ref('fct_known_comparison') }}
),

registrations as (select * from {{ ref('fct_hybrid_registration') }}),

completions as (select * from {{ ref('fct_hybrid_completion') }}),

became as (
    select
        completions.comparison_id, completions.step_number, registrations.last_step, registrations.province_code,
        completions.completed_on, completions.certificate_days
    from completions
    inner join registrations using (comparison_id, step_number, registration_sk)

    union all

    -- The one state of a registration that only others came later to holds before them as well
    select
        completions.comparison_id, completions.step_number, registrations.last_step, registrations.province_code,
        completions.completed_on, completions.certificate_days
    from completions
    inner join registrations using (comparison_id, registration_sk)
    where completions.step_number = 0 and registrations.holds_before
),

completed as (
    select comparison_id, step_number, last_step, 'completed' as indicator_code, province_code, completed_on as day
    from became
    where completed_on is not null

    union all

    select comparison_id, step_number, last_step, 'certificates', province_code, day
    from (
        select comparison_id, step_number, last_step, province_code, {{ each_element('certificate_days') }} as day
        from became
    ) as certificates
),

penalties as (
    select comparison_id, step_number, 7 as last_step, 'penalties' as indicator_code, province_code, decided_on as day
    from {{ ref('fct_hybrid_penalty') }}
),

payments as (select * from {{ ref('fct_hybrid_payment') }}),

-- What is added up, each on its day
added as (
    select *, cast(1 as decimal(18, 2)) as quantity from completed
    union all
    select *, 1 from penalties
    union all
    select
        comparison_id, step_number, last_step,
        case scheme
            when 'training' then 'training_subsidy_amount_cny'
            when 'living_allowance' then 'living_allowance_amount_cny'
            else 'prepaid_amount_cny'
        end,
        province_code, paid_on, amount_cny
    from payments
),

-- Who or what is paid for, each once
payees as (
    select
        comparison_id, step_number, last_step,
        case scheme when 'training' then 'training_subsidy_persons' else 'living_allowance_persons' end as indicator_code,
        province_code, paid_on as day, cast(person_sk as varchar) as subject
    from payments
    where scheme in ('training', 'living_allowance') and payee_kind = 'person' and person_sk is not null

    union all

    select comparison_id, step_number, last_step, 'prepaid_projects', province_code, paid_on, province_code || project_id
    from payments
    where scheme = 'project_prepayment' and project_id is not null
),

present as (
    select
        payees.comparison_id, payees.step_number, payees.last_step, payees.indicator_code, payees.province_code,
        payees.subject, comparisons.is_national,
        bool_or(payees.day >= comparisons.period_start) as is_in_period
    from payees
    inner join comparisons
        on payees.comparison_id = comparisons.comparison_id
        and payees.day between comparisons.first_day and comparisons.period_end
        and coalesce(comparisons.province_code, payees.province_code) = payees.province_code
    group by all
),

present_in_nation as (
    select comparison_id, step_number, last_step, indicator_code, subject, bool_or(is_in_period) as is_in_period
    from present
    where is_national
    group by comparison_id, step_number, last_step, indicator_code, subject
),

measured as (
    select
        added.comparison_id, added.step_number, added.last_step, added.indicator_code,
        {{ province_or_nation('added.province_code') }} as province_code,
        coalesce(sum(added.quantity) filter (where added.day >= comparisons.period_start), 0) as this_period,
        sum(added.quantity) as cumulative
    from added
    inner join comparisons
        on added.comparison_id = comparisons.comparison_id
        and added.day between comparisons.first_day and comparisons.period_end
        and coalesce(comparisons.province_code, added.province_code) = added.province_code
    group by added.comparison_id, added.step_number, added.last_step, added.indicator_code, cube (added.province_code)

    union all

    select
        comparison_id, step_number, last_step, indicator_code, province_code,
        count(*) filter (where is_in_period), count(*)
    from present
    group by comparison_id, step_number, last_step, indicator_code, province_code

    union all

    select
        comparison_id, step_number, last_step, indicator_code, {{ nation() }},
        count(*) filter (where is_in_period), count(*)
    from present_in_nation
    group by comparison_id, step_number, last_step, indicator_code
)

select
    comparison_id, step_number, cast(last_step as integer) as last_step, indicator_code, province_code,
    cast(this_period as decimal(18, 2)) as this_period,
    cast(cumulative as decimal(18, 2)) as cumulative
from measured
