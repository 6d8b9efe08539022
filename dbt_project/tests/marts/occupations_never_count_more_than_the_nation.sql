-- Registrations of all occupations together leave out unknown and general courses, so they can't exceed the nation's;
-- what is taken up stays so.
with

occupations as (
    select period_start, sum(registrations) as registrations, sum(completed_registrations) as completed_registrations
    from {{ ref('occupation_coverage') }}
    group by period_start
),

national as (
    select * from {{ ref('registration_progress') }} where province_code = '000000' and platform_id = '_all'
),

given_up as (
    select later.period_start
    from {{ ref('occupation_coverage') }} as earlier
    inner join {{ ref('occupation_coverage') }} as later
        on earlier.occupation_code = later.occupation_code
        and earlier.period_start < later.period_start
    where earlier.is_taken_up and not later.is_taken_up
)

select occupations.period_start
from occupations
left join national on occupations.period_start = national.period_start
where occupations.registrations > coalesce(national.registrations, 0)
    or occupations.completed_registrations > coalesce(national.completed_registrations, 0)

union all

select period_start from given_up
