with

campaign as (
    select clock, least(last_day, clock_day) as as_at from {{ ref('dim_campaign') }}
),

occupations as (select occupation_code, name_zh, category from {{ ref('dim_occupation') }}),

provinces as (select province_code, province_name_zh from {{ ref('dim_province') }} where has_bureau),

offered as (
    select courses.occupation_code, count(*) as courses_open_count
    from {{ ref('dim_course') }} as courses
    inner join {{ ref('dim_platform') }} as platforms on courses.platform_id = platforms.platform_id
    inner join campaign
        on campaign.as_at >= courses.open_from
        and (courses.open_to is null or campaign.as_at <= courses.open_to)
        and campaign.as_at >= platforms.selected_from
        and (platforms.selected_to is null or campaign.as_at <= platforms.selected_to)
    where courses.is_known_occupation and courses.content_category <> 'general_content'
    group by courses.occupation_code
),

demanded as (
    select registrations.occupation_code, registrations.province_code, count(*) as registrations
    from {{ ref('fct_registration') }} as registrations
    cross join campaign
    where registrations.is_counted and registrations.registered_at <= campaign.clock
    group by registrations.occupation_code, registrations.province_code
)

select
    occupations.occupation_code,
    occupations.name_zh as occupation_name_zh,
    occupations.category,
    provinces.province_code,
    provinces.province_name_zh,
    campaign.as_at,
    coalesce(demanded.registrations, 0) as registrations,
    coalesce(offered.courses_open_count, 0) as courses_open_count,
    {{ share_of('coalesce(demanded.registrations, 0)', 'offered.courses_open_count') }} as demand_per_course,
    offered.courses_open_count is null as is_uncovered,
    offered.courses_open_count is not null and demanded.registrations is null as is_untaken
from occupations
cross join provinces
cross join campaign
left join offered on occupations.occupation_code = offered.occupation_code
left join demanded
    on occupations.occupation_code = demanded.occupation_code
    and provinces.province_code = demanded.province_code
