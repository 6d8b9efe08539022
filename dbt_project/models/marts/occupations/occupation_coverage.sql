with

campaign as (select clock from {{ ref('dim_campaign') }}),

periods as (
    select period_start, as_at, is_complete from {{ ref('dim_period') }} where is_begun and is_in_action
),

days as (select day, period_start from {{ ref('dim_day') }}),

occupations as (
    select occupation_code, name_zh, category, is_new_occupation from {{ ref('dim_occupation') }}
),

-- A course is open to learners on the days on which its platform is selected as well
courses as (
    select
        courses.platform_id,
        courses.course_id,
        courses.occupation_code,
        courses.class_hours,
        greatest(courses.open_from, platforms.selected_from) as open_from,
        least(courses.open_to, platforms.selected_to) as open_to
    from {{ ref('dim_course') }} as courses
    inner join {{ ref('dim_platform') }} as platforms on courses.platform_id = platforms.platform_id
    where courses.open_from is not null
        and courses.is_known_occupation
        and courses.content_category <> 'general_content'
),

offered as (
    select
        periods.period_start,
        courses.occupation_code,
        count(*) as courses_open_count,
        count(distinct courses.platform_id) as platforms_offering_count,
        sum(courses.class_hours) as class_hours_open
    from periods
    inner join courses
        on periods.as_at >= courses.open_from
        and (courses.open_to is null or periods.as_at <= courses.open_to)
    group by all
),

counted as (
    select registrations.*, campaign.clock
    from {{ ref('fct_registration') }} as registrations
    cross join campaign
    where registrations.is_counted
        and registrations.occupation_code is not null
        and registrations.registered_at <= campaign.clock
),

registered as (
    select period_start, occupation_code, count(*) as registrations, count(distinct person_sk) as learners
    from counted
    group by all
),

taken_up as (
    select occupation_code, min(registered_on) as taken_up_on
    from counted
    where is_course_open
    group by all
),

completed as (
    select completed_period_start as period_start, occupation_code, count(*) as completed_registrations
    from counted
    where completed_at <= clock
    group by all
),

certified as (
    select days.period_start, counted.occupation_code, count(*) as certificates_count
    from {{ ref('fct_certificate') }} as certificates
    inner join counted on certificates.registration_sk = counted.registration_sk
    inner join days on cast(certificates.issued_at as date) = days.day
    where not certificates.is_revoked and certificates.issued_at <= counted.clock
    group by all
)

select
    periods.period_start,
    occupations.occupation_code,
    occupations.name_zh as occupation_name_zh,
    occupations.category,
    occupations.is_new_occupation,
    periods.as_at,
    periods.is_complete,
    cast(coalesce(offered.courses_open_count, 0) as bigint) as courses_open_count,
    cast(coalesce(offered.platforms_offering_count, 0) as bigint) as platforms_offering_count,
    cast(coalesce(offered.class_hours_open, 0) as decimal(18, 4)) as class_hours_open,
    offered.courses_open_count is not null as is_covered,
    coalesce(taken_up.taken_up_on <= periods.as_at, false) as is_taken_up,
    cast(coalesce(registered.registrations, 0) as bigint) as registrations,
    cast(coalesce(registered.learners, 0) as bigint) as learners,
    cast(coalesce(completed.completed_registrations, 0) as bigint) as completed_registrations,
    cast(coalesce(certified.certificates_count, 0) as bigint) as certificates_count
from periods
cross join occupations
left join offered using (period_start, occupation_code)
left join registered using (period_start, occupation_code)
left join taken_up using (occupation_code)
left join completed using (period_start, occupation_code)
left join certified using (period_start, occupation_code)
