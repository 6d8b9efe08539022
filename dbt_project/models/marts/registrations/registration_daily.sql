with

campaign as (select clock from {{ ref('dim_campaign') }}),

days as (select day, period_start from {{ ref('dim_day') }}),

provinces as (select province_code, province_name_zh from {{ ref('dim_province') }}),

platforms as (select platform_id, name_zh from {{ ref('dim_platform') }}),

counted as (
    select
        registrations.registration_sk,
        registrations.person_sk,
        registrations.province_code,
        registrations.platform_id,
        registrations.registered_on as day
    from {{ ref('fct_registration') }} as registrations
    cross join campaign
    where registrations.is_counted and registrations.registered_at <= campaign.clock
),

learning as (
    select
        learning.day, counted.province_code, counted.platform_id, counted.person_sk,
        learning.is_active_day, learning.study_seconds
    from {{ ref('fct_learning_day') }} as learning
    inner join counted on learning.registration_sk = counted.registration_sk
),

active as (select day, province_code, platform_id, person_sk from learning where is_active_day),

{{ distinct_persons('learners', 'counted', 'day') }},

{{ distinct_persons('active_learners', 'active', 'day') }},

-- What adds up over provinces and platforms, at the finest grain
sums as (
    select day, province_code, platform_id, count(*) as registrations, 0 as study_seconds
    from counted
    group by day, province_code, platform_id

    union all

    select day, province_code, platform_id, 0, sum(study_seconds)
    from learning
    group by day, province_code, platform_id
),

summed as (
    select
        day,
        {{ province_or_nation() }} as province_code,
        {{ platform_or_all() }} as platform_id,
        sum(registrations) as registrations,
        sum(study_seconds) as study_seconds
    from sums
    group by day, cube (province_code, platform_id)
),

joined as (
    select
        day,
        province_code,
        platform_id,
        summed.registrations,
        coalesce(learners.persons, 0) as learners,
        coalesce(active_learners.persons, 0) as active_learners,
        {{ study_hours('summed.study_seconds') }} as study_hours
    from summed
    left join learners using (day, province_code, platform_id)
    left join active_learners using (day, province_code, platform_id)
)

select
    joined.day,
    days.period_start,
    joined.province_code,
    provinces.province_name_zh,
    joined.platform_id,
    {{ platform_name_zh('joined.platform_id', 'platforms.name_zh') }} as platform_name_zh,
    {{ row_kind('joined.province_code', 'joined.platform_id') }} as row_kind,
    cast(joined.registrations as bigint) as registrations,
    cast(joined.learners as bigint) as learners,
    cast(joined.active_learners as bigint) as active_learners,
    joined.study_hours
from joined
inner join days on joined.day = days.day
left join provinces on joined.province_code = provinces.province_code
left join platforms on joined.platform_id = platforms.platform_id
where joined.registrations + joined.active_learners + joined.study_hours > 0
