with

reports as (select * from {{ ref('fct_dispatch_report') }} where is_current),

periods as (select period_start, period_number from {{ ref('dim_period') }}),

indicators as (select indicator_code from {{ ref('dim_indicator') }}),

-- An indicator whose code goes on from another's is part of it: registrations_KG06A of registrations_KG06
wholes as (
    select
        parts.indicator_code,
        max_by(wholes.indicator_code, length(wholes.indicator_code)) as whole_indicator_code
    from indicators as parts
    inner join indicators as wholes
        on left(parts.indicator_code, length(wholes.indicator_code)) = wholes.indicator_code
        and parts.indicator_code <> wholes.indicator_code
    group by parts.indicator_code
),

compared as (
    select
        reports.period_start,
        periods.period_number,
        reports.province_code,
        reports.indicator_code,
        reports.this_period,
        reports.cumulative,
        case
            when lag(periods.period_number) over to_date = periods.period_number - 1
                then lag(reports.this_period) over to_date
        end as previous_this_period,
        last_value(reports.cumulative ignore nulls) over before as previous_cumulative,
        sum(reports.this_period) over to_date as periods_sum,
        count(reports.this_period) over to_date as periods_count
    from reports
    inner join periods on reports.period_start = periods.period_start
    window
        to_date as (partition by reports.province_code, reports.indicator_code order by periods.period_number),
        before as (
            partition by reports.province_code, reports.indicator_code order by periods.period_number
            rows between unbounded preceding and 1 preceding
        )
),

-- A run ends where the figure changes, or where a period is missing
runs as (
    select
        *,
        count(*) filter (where this_period is distinct from previous_this_period) over (
            partition by province_code, indicator_code order by period_number
        ) as run_number
    from compared
)

select
    runs.period_start,
    runs.period_number,
    runs.province_code,
    runs.indicator_code,
    wholes.whole_indicator_code,
    runs.this_period,
    runs.cumulative,
    runs.previous_this_period,
    runs.previous_cumulative,
    cast(row_number() over (
        partition by runs.province_code, runs.indicator_code, runs.run_number order by runs.period_number
    ) as integer) as equal_periods_count,
    cast(case when runs.periods_count = runs.period_number then runs.periods_sum end as decimal(18, 4)) as periods_sum
from runs
left join wholes on runs.indicator_code = wholes.indicator_code
