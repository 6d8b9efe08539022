{#- A block bootstrap of daily increases. Each draw first draws some blocks from the days seen; then it
    goes on from as_at with blocks drawn from those. The first step is how uncertain the mean is, the second how the days
    vary around it. Blocks keep what hangs together from day to day. -#}
{%- set draws = var('forecast_draws') -%}
{%- set block_days = var('forecast_block_days') -%}
with

campaign as (select first_day, last_day, clock from {{ ref('dim_campaign') }}),

periods as (
    select period_start, as_at, is_complete from {{ ref('dim_period') }} where is_begun and is_in_action
),

provinces as (select province_code, province_name_zh from {{ ref('dim_province') }}),

{{ targets_by_day() }},

stated as (
    select
        periods.*, standing.target_code, standing.province_code, standing.name_zh, standing.unit, standing.target_value,
        standing.target_value - standing.actual_value as missing_value,
        campaign.last_day,
        case when reached.reached_on <= periods.as_at then reached.reached_on end as reached_on
    from periods
    cross join campaign
    inner join standing on periods.as_at = standing.day
    left join reached
        on standing.target_code = reached.target_code
        and standing.province_code = reached.province_code
),

-- What stood on the first day was there before the action: the first increase is the second day's
increases as (
    select
        target_code, province_code, day,
        actual_value - lag(actual_value) over (partition by target_code, province_code order by day) as increase
    from standing
),

seen_days as (
    select
        stated.period_start, stated.target_code, stated.province_code, increases.increase,
        row_number() over of_target - 1 as place,
        count(*) over (partition by stated.period_start, stated.target_code, stated.province_code) as days_count
    from stated
    inner join increases
        on stated.target_code = increases.target_code
        and stated.province_code = increases.province_code
        and increases.day > {{ add_days('stated.as_at', "-" ~ var('forecast_window_days')) }}
        and increases.day <= stated.as_at
    where stated.reached_on is null and increases.increase is not null
    window of_target as (
        partition by stated.period_start, stated.target_code, stated.province_code order by increases.day
    )
),

{{ drawn_arrivals('stated', 'seen_days', draws, block_days) }},

ranked as (
    select
        *,
        row_number() over (partition by period_start, target_code, province_code order by arrives_on) as turn
    from arrivals
),

-- A draw that does not arrive within the horizon has no row: it counts as later than all others
forecast as (
    select
        period_start, target_code, province_code,
        min(arrives_on) filter (where 2 * turn >= {{ draws }}) as reached_on,
        min(arrives_on) filter (where 2 * turn >= (1 - {{ var('forecast_interval_share') }}) * {{ draws }}) as reached_from,
        min(arrives_on) filter (where 2 * turn >= (1 + {{ var('forecast_interval_share') }}) * {{ draws }}) as reached_to,
        {{ share_of('count(*) filter (where arrives_on <= last_day)', draws) }} as in_time_probability
    from ranked
    group by period_start, target_code, province_code
),

forecastable as (select distinct period_start, target_code, province_code from seen_days)

select
    stated.period_start,
    stated.target_code,
    stated.name_zh as target_name_zh,
    stated.province_code,
    provinces.province_name_zh,
    stated.as_at,
    stated.is_complete,
    cast(stated.target_value as bigint) as target_value,
    stated.unit,
    stated.last_day as due_on,
    stated.reached_on is not null as is_reached,
    coalesce(stated.reached_on, forecast.reached_on) as reached_on,
    coalesce(stated.reached_on, forecast.reached_from) as reached_from,
    coalesce(stated.reached_on, forecast.reached_to) as reached_to,
    case
        when stated.reached_on is not null then 1.0
        when forecastable.period_start is not null then coalesce(forecast.in_time_probability, 0.0)
    end as in_time_probability
from stated
left join forecast using (period_start, target_code, province_code)
left join forecastable using (period_start, target_code, province_code)
left join provinces on stated.province_code = provinces.province_code
