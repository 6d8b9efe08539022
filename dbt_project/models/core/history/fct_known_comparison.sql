with

campaign as (select clock, first_day, last_day from {{ ref('dim_campaign') }}),

periods as (select period_start, period_end from {{ ref('dim_period') }} where is_begun),

dispatches as (
    select
        periods.due_at as from_at,
        coalesce(lead(periods.due_at) over (order by periods.due_at), {{ latest_moment() }}) as to_at
    from {{ ref('dim_period') }} as periods
    cross join campaign
    where periods.due_at <= campaign.clock
),

filings as (
    select distinct province_code, period_start, filed_at from {{ ref('fct_dispatch_report') }} where is_current
),

moments as (
    select
        'bridge' as purpose,
        filings.province_code,
        periods.period_start,
        filings.filed_at as from_at,
        -- All that has come, whatever the clock says
        {{ latest_moment() }} as to_at
    from filings
    inner join periods on filings.period_start = periods.period_start

    union all

    -- From one dispatch to the next, and from the last one on
    select
        'restatement',
        null,
        periods.period_start,
        dispatches.from_at,
        dispatches.to_at
    from periods
    inner join dispatches on periods.period_end < cast(dispatches.from_at as date)
)

select
    cast(row_number() over (
        order by moments.purpose, moments.province_code, moments.period_start, moments.from_at
    ) as integer) as comparison_id,
    moments.purpose,
    moments.province_code,
    moments.period_start,
    periods.period_end,
    campaign.first_day,
    moments.from_at,
    moments.to_at,
    least(moments.from_at, campaign.clock) as clock_from,
    least(moments.to_at, campaign.clock) as clock_to,
    least(periods.period_end, campaign.last_day, cast(moments.from_at as date)) as as_at_from,
    least(periods.period_end, campaign.last_day, cast(least(moments.to_at, campaign.clock) as date)) as as_at_to
from moments
inner join periods on moments.period_start = periods.period_start
cross join campaign
