-- Once something was counted in a province × platform, each later period of the action holds its row.
with

first_seen as (
    select province_code, platform_id, min(period_start) as period_start
    from {{ ref('registration_progress') }}
    where cumulative_registrations > 0
    group by province_code, platform_id
)

select first_seen.*, periods.period_start as missing_period_start
from first_seen
inner join {{ ref('dim_period') }} as periods on periods.period_start >= first_seen.period_start
left join {{ ref('registration_progress') }} as progress
    on progress.period_start = periods.period_start
    and progress.province_code = first_seen.province_code
    and progress.platform_id = first_seen.platform_id
where periods.is_begun and periods.is_in_action and progress.period_start is null
