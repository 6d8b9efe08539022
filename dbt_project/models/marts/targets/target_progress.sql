with

campaign as (
    select first_day, last_day, clock, {{ days_from_to('first_day', 'last_day') }} + 1 as action_days
    from {{ ref('dim_campaign') }}
),

periods as (
    select period_start, as_at, is_complete from {{ ref('dim_period') }} where is_begun and is_in_action
),

provinces as (select province_code, province_name_zh from {{ ref('dim_province') }}),

{{ targets_by_day() }}

select
    periods.period_start,
    standing.target_code,
    standing.name_zh as target_name_zh,
    standing.province_code,
    provinces.province_name_zh,
    periods.as_at,
    periods.is_complete,
    cast(standing.target_value as bigint) as target_value,
    cast(standing.actual_value as bigint) as actual_value,
    standing.unit,
    {{ share_of('standing.actual_value', 'standing.target_value') }} as achieved_share,
    least(1.0, {{ share_of(days_from_to('campaign.first_day', 'periods.as_at') ~ ' + 1', 'campaign.action_days') }}) as expected_share,
    standing.actual_value >= standing.target_value as is_achieved,
    case when reached.reached_on <= periods.as_at then reached.reached_on end as reached_on
from periods
cross join campaign
inner join standing on periods.as_at = standing.day
left join reached
    on standing.target_code = reached.target_code
    and standing.province_code = reached.province_code
left join provinces on standing.province_code = provinces.province_code
