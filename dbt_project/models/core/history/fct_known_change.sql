with

comparisons as (select * from {{ ref('fct_known_comparison') }}),

steps as (select * from {{ ref('dim_known_step') }}),

events as (select * from {{ ref('fct_hybrid_event') }}),

dispatched as (select indicator_code from {{ ref('dim_indicator') }} where is_recorded),

placed as (
    select
        events.*,
        events.day >= comparisons.period_start as is_in_period,
        comparisons.province_code is null as is_national
    from events
    inner join comparisons
        on events.comparison_id = comparisons.comparison_id
        and events.day between comparisons.first_day and comparisons.period_end
        -- A filing's comparison holds its own province alone
        and coalesce(comparisons.province_code, events.province_code) = events.province_code
),

-- Each person or project once in its province, and once more in the nation
present as (
    select
        comparison_id, step_number, last_step, indicator_code, province_code, is_national, subject,
        bool_or(is_in_period) as is_in_period
    from placed
    where subject is not null
    group by comparison_id, step_number, last_step, indicator_code, province_code, is_national, subject
),

present_in_nation as (
    select comparison_id, step_number, last_step, indicator_code, subject, bool_or(is_in_period) as is_in_period
    from present
    where is_national
    group by comparison_id, step_number, last_step, indicator_code, subject
),

measured as (
    select
        comparison_id, step_number, last_step, indicator_code,
        {{ province_or_nation() }} as province_code,
        coalesce(sum(quantity) filter (where is_in_period), 0) as this_period,
        sum(quantity) as cumulative
    from placed
    where subject is null
    group by comparison_id, step_number, last_step, indicator_code, cube (province_code)

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

    union all

    select comparison_id, step_number, 7, indicator_code, province_code, this_period, cumulative
    from {{ ref('fct_hybrid_stock') }}
),

-- What a step leaves, less what the one before it left
differences as (
    select comparison_id, step_number, indicator_code, province_code, this_period, cumulative from measured
    union all
    select comparison_id, step_number + 1, indicator_code, province_code, -this_period, -cumulative
    from measured
    where step_number < last_step
),

summed as (
    select
        comparison_id, step_number, indicator_code, province_code,
        cast(sum(this_period) as decimal(18, 2)) as this_period,
        cast(sum(cumulative) as decimal(18, 2)) as cumulative
    from differences
    group by comparison_id, step_number, indicator_code, province_code
)

select
    comparisons.comparison_id,
    comparisons.purpose,
    comparisons.period_start,
    comparisons.from_at,
    comparisons.to_at,
    summed.province_code,
    summed.indicator_code,
    steps.step_number,
    steps.step,
    summed.this_period,
    summed.cumulative
from summed
inner join comparisons on summed.comparison_id = comparisons.comparison_id
inner join steps on summed.step_number = steps.step_number
inner join dispatched on summed.indicator_code = dispatched.indicator_code
where steps.step_number > 0
    and (summed.this_period <> 0 or summed.cumulative <> 0)
    and (comparisons.province_code is null or comparisons.province_code = summed.province_code)
