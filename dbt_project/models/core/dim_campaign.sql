with

campaign as (select * from {{ source('raw', 'config_campaign') }}),

control as (select clock from {{ source('raw', 'control') }})

select
    campaign.code as campaign_code,
    campaign.name_zh,
    campaign.first_day,
    campaign.last_day,
    campaign.calendar_last_day,
    campaign.study_record_cut_hours,
    control.clock,
    cast(control.clock as date) as clock_day
from campaign
cross join control
