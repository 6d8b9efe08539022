with

periods as (select * from {{ source('raw', 'config_periods') }}),

campaign as (select * from {{ ref('dim_campaign') }})

select
    periods.period_start,
    periods.period_end,
    periods.period_number,
    periods.due_at,
    least(periods.period_end, campaign.last_day, campaign.clock_day) as as_at,
    periods.period_start <= campaign.clock_day as is_begun,
    periods.period_end < campaign.clock_day as is_complete,
    periods.period_start <= campaign.last_day as is_in_action
from periods
cross join campaign
