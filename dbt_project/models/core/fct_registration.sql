with

registrations as (select * from {{ ref('stg_registrations') }}),

campaign as (select first_day, last_day from {{ ref('dim_campaign') }}),

platforms as (select platform_id, selected_from, selected_to from {{ ref('dim_platform') }}),

days as (select day, period_start from {{ ref('int_calendar_day') }}),

courses as (select * from {{ ref('dim_course') }}),

regions as (select region_code, province_code, valid_from, valid_to from {{ ref('dim_region') }}),

learnt as (
    select
        registration_sk,
        min(started_at) filter (where kind = 'sign_in') as first_sign_in_at,
        min(started_at) filter (where kind = 'test') as first_test_at
    from {{ ref('fct_learning_record') }}
    where is_active_record and kind in ('sign_in', 'test')
    group by registration_sk
),

certified as (
    select
        registration_sk,
        min(issued_at) as first_certificate_at
    from {{ ref('fct_certificate') }}
    where not is_revoked
    group by registration_sk
),

joined as (
    select
        registrations.*,
        courses.course_id is not null as is_course_known,
        case when courses.is_known_occupation then courses.occupation_code end as occupation_code,
        courses.occupation_code as course_occupation_code,
        courses.content_category,
        courses.grade as course_grade,
        case
            when {{ is_corps('registrations.region_code') }} then '660000'
            else coalesce(regions.province_code, '990000')
        end as province_code,
        days.period_start,
        registrations.registered_on between campaign.first_day and campaign.last_day as is_in_action,
        coalesce(
            registrations.registered_on between platforms.selected_from
            and coalesce(platforms.selected_to, registrations.registered_on),
            false
        ) as is_platform_selected,
        registrations.real_name_status = 'verified' as is_verified,
        registrations.status = 'active' as is_active,
        coalesce(
            courses.is_known_occupation
            and courses.content_category <> 'general_content'
            and registrations.registered_on >= courses.open_from
            and (courses.open_to is null or registrations.registered_on <= courses.open_to),
            false
        ) as is_course_open_itself,
        learnt.first_sign_in_at,
        learnt.first_test_at,
        certified.first_certificate_at,
        -- greatest() would pass over what is not there
        case
            when learnt.first_sign_in_at is not null
                and learnt.first_test_at is not null
                and certified.first_certificate_at is not null
                then greatest(learnt.first_sign_in_at, learnt.first_test_at, certified.first_certificate_at)
        end as completed_at
    from registrations
    cross join campaign
    left join platforms on registrations.platform_id = platforms.platform_id
    left join days on registrations.registered_on = days.day
    left join courses
        on registrations.platform_id = courses.platform_id
        and registrations.course_id = courses.course_id
    left join regions
        on registrations.region_code = regions.region_code
        and (regions.valid_from is null or registrations.registered_on >= regions.valid_from)
        and (regions.valid_to is null or registrations.registered_on <= regions.valid_to)
    left join learnt on registrations.registration_sk = learnt.registration_sk
    left join certified on registrations.registration_sk = certified.registration_sk
)

select
    joined.registration_sk,
    joined.platform_id,
    joined.registration_id,
    joined.person_sk,
    joined.person_key,
    joined.birth_year,
    joined.sex,
    joined.course_id,
    joined.is_course_known,
    joined.occupation_code,
    joined.course_occupation_code,
    joined.content_category,
    joined.course_grade,
    joined.region_code,
    joined.province_code,
    joined.employer_uscc,
    joined.project_id,
    joined.declared_groups,
    joined.real_name_status,
    joined.status,
    joined.registered_at,
    joined.registered_on,
    joined.period_start,
    joined.is_in_action,
    joined.is_platform_selected,
    joined.is_verified,
    joined.is_active,
    joined.is_verified and joined.is_active and joined.is_platform_selected and joined.is_in_action as is_counted,
    joined.is_course_open_itself and joined.is_platform_selected as is_course_open,
    joined.first_sign_in_at,
    joined.first_test_at,
    joined.first_certificate_at,
    joined.completed_at,
    cast(joined.completed_at as date) as completed_on,
    completion_days.period_start as completed_period_start,
    joined.updated_at,
    joined.landed_period_start
from joined
left join days as completion_days on cast(joined.completed_at as date) = completion_days.day
