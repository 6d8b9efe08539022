-- Registrations by course never exceed the platform's, and a course open is a course approved.
with

supply as (
    select period_start, platform_id, sum(registrations) as registrations
    from {{ ref('course_supply') }}
    group by period_start, platform_id
)

select supply.period_start, supply.platform_id
from supply
inner join {{ ref('registration_progress') }} as progress
    on supply.period_start = progress.period_start
    and supply.platform_id = progress.platform_id
    and progress.province_code = '000000'
where supply.registrations > progress.registrations

union all

select period_start, platform_id
from {{ ref('course_supply') }}
where courses_open_count > courses_approved_count
