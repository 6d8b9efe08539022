with

comparisons as (select * from {{ ref('fct_known_comparison') }}),

steps as (select * from {{ ref('dim_known_step') }}),

dispatched as (select indicator_code from {{ ref('dim_indicator') }} where is_recorded),

measured as (
    select * from {{ ref('fct_hybrid_learner') }}
    union all
    select * from {{ ref('fct_hybrid_amount') }}
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
