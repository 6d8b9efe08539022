with

campaign as (select clock from {{ ref('dim_campaign') }}),

periods as (select period_start, as_at, is_complete from {{ ref('dim_period') }} where is_begun),

days as (select day, period_start from {{ ref('dim_day') }}),

region_sets as (select region_set, name_zh, kind from {{ ref('dim_region_set') }}),

members as (select region_code, region_set from {{ ref('bridge_region_set') }}),

-- A course of a free zone is open to learners on the days on which its platform is selected as well
zone_courses as (
    select
        courses.platform_id,
        courses.course_id,
        courses.region_zone,
        platforms.is_ministry_affiliated,
        greatest(courses.open_from, platforms.selected_from) as open_from,
        least(courses.open_to, platforms.selected_to) as open_to
    from {{ ref('dim_course') }} as courses
    inner join {{ ref('dim_platform') }} as platforms on courses.platform_id = platforms.platform_id
    where courses.open_from is not null and courses.region_zone is not null
),

zones as (
    select
        periods.period_start,
        region_sets.region_set,
        count(*) as zone_courses_count,
        count(distinct zone_courses.platform_id) filter (where zone_courses.is_ministry_affiliated)
            as ministry_platforms_with_zone_count
    from periods
    inner join zone_courses
        on periods.as_at >= zone_courses.open_from
        and (zone_courses.open_to is null or periods.as_at <= zone_courses.open_to)
    inner join region_sets
        on region_sets.kind = 'union'
        or zone_courses.region_zone = case when region_sets.kind = 'county' then 'supervised_county' else region_sets.region_set end
    group by all
),

counted as (
    select
        registrations.registration_sk,
        registrations.person_sk,
        members.region_set,
        registrations.period_start,
        case when registrations.completed_at <= campaign.clock then registrations.completed_period_start end
            as completed_period_start
    from {{ ref('fct_registration') }} as registrations
    inner join members on registrations.region_code = members.region_code
    cross join campaign
    where registrations.is_counted and registrations.registered_at <= campaign.clock
),

in_key_group as (
    select registration_sk from {{ ref('fct_registration_group') }} where group_code = 'any_key_group'
),

registered as (
    select
        counted.period_start,
        counted.region_set,
        count(*) as registrations,
        count(distinct counted.person_sk) as learners,
        count(distinct counted.person_sk) filter (where in_key_group.registration_sk is not null) as key_group_persons
    from counted
    left join in_key_group on counted.registration_sk = in_key_group.registration_sk
    group by all
),

completed as (
    select completed_period_start as period_start, region_set, count(distinct person_sk) as completed_persons
    from counted
    group by all
),

-- Money follows the learner's region, not the bureau that paid
paid as (
    select days.period_start, members.region_set, sum(payments.amount_cny) as paid_amount_cny
    from {{ ref('fct_subsidy_payment') }} as payments
    inner join {{ ref('fct_payment_match') }} as matches
        on payments.sender_id = matches.sender_id
        and payments.payment_id = matches.payment_id
    inner join {{ ref('fct_registration') }} as registrations
        on matches.registration_sk = registrations.registration_sk
    inner join members on registrations.region_code = members.region_code
    inner join days on payments.paid_on = days.day
    where payments.scheme in ('training', 'living_allowance')
    group by all
)

select
    periods.period_start,
    region_sets.region_set,
    region_sets.name_zh as region_set_name_zh,
    periods.as_at,
    periods.is_complete,
    cast(coalesce(zones.zone_courses_count, 0) as bigint) as zone_courses_count,
    cast(coalesce(zones.ministry_platforms_with_zone_count, 0) as bigint) as ministry_platforms_with_zone_count,
    cast(coalesce(registered.registrations, 0) as bigint) as registrations,
    cast(coalesce(registered.learners, 0) as bigint) as learners,
    cast(coalesce(registered.key_group_persons, 0) as bigint) as key_group_persons,
    cast(coalesce(completed.completed_persons, 0) as bigint) as completed_persons,
    cast(coalesce(paid.paid_amount_cny, 0) as decimal(18, 2)) as paid_amount_cny
from periods
cross join region_sets
left join zones using (period_start, region_set)
left join registered using (period_start, region_set)
left join completed using (period_start, region_set)
left join paid using (period_start, region_set)
