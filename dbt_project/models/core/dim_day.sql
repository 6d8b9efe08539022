with

days as (select * from {{ ref('int_calendar_day') }}),

campaign as (select * from {{ ref('dim_campaign') }})

select
    days.day,
    days.period_start,
    days.day <= campaign.last_day as is_in_action
from days
cross join campaign
where days.day between campaign.first_day and campaign.clock_day
