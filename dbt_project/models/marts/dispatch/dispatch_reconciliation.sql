with

periods as (select period_start, due_at, is_complete from {{ ref('dim_period') }} where is_begun),

-- Whom a report could come from
provinces as (select province_code, province_name_zh from {{ ref('dim_province') }} where has_bureau),

indicators as (select indicator_code, name_zh, unit, is_recorded, sort_order from {{ ref('dim_indicator') }}),

reports as (select * from {{ ref('fct_dispatch_report') }} where is_current),

reported as (
    select period_start, province_code, indicator_code, 'this_period' as measure, version, this_period as reported_value
    from reports
    where this_period is not null
    union all
    select period_start, province_code, indicator_code, 'cumulative', version, cumulative
    from reports
    where cumulative is not null
),

standing as (
    select
        period_start, province_code, indicator_code,
        cast(this_period as decimal(18, 4)) as this_period,
        cast(cumulative as decimal(18, 4)) as cumulative
    from {{ ref('dispatch_table') }}
),

recorded as (
    select period_start, province_code, indicator_code, 'this_period' as measure, this_period as recorded_value
    from standing
    union all
    select period_start, province_code, indicator_code, 'cumulative', cumulative
    from standing
),

paired as (
    select
        coalesce(reported.period_start, recorded.period_start) as period_start,
        coalesce(reported.province_code, recorded.province_code) as province_code,
        coalesce(reported.indicator_code, recorded.indicator_code) as indicator_code,
        coalesce(reported.measure, recorded.measure) as measure,
        reported.version,
        reported.reported_value,
        recorded.recorded_value
    from reported
    full outer join recorded
        on reported.period_start = recorded.period_start
        and reported.province_code = recorded.province_code
        and reported.indicator_code = recorded.indicator_code
        and reported.measure = recorded.measure
    -- Nothing recorded and nothing reported is nothing to reconcile
    where reported.reported_value is not null or recorded.recorded_value <> 0
)

select
    paired.period_start,
    paired.province_code,
    provinces.province_name_zh,
    paired.indicator_code,
    indicators.name_zh as indicator_name_zh,
    indicators.unit,
    indicators.sort_order,
    paired.measure,
    periods.due_at,
    periods.is_complete,
    paired.version,
    paired.reported_value,
    paired.recorded_value,
    cast(paired.recorded_value - paired.reported_value as decimal(18, 4)) as difference,
    {{ share_of('(paired.recorded_value - paired.reported_value)', 'paired.reported_value') }} as difference_share,
    case
        when not indicators.is_recorded then 'not_recorded'
        when paired.reported_value is null then 'not_reported'
        when paired.recorded_value = paired.reported_value then 'agrees'
        else 'differs'
    end as status
from paired
inner join periods on paired.period_start = periods.period_start
inner join provinces on paired.province_code = provinces.province_code
inner join indicators on paired.indicator_code = indicators.indicator_code
