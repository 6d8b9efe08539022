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
        registrations.registered_on
    from {{ ref('fct_registration') }} as registrations
    cross join campaign
    where registrations.is_counted and registrations.registered_at <= campaign.clock
),

registered as (
    select
        registered_on as day,
        {{ province_or_nation() }} as province_code,
        {{ platform_or_all() }} as platform_id,
        count(*) as registrations,
        count(distinct person_sk) as learners
    from counted
    group by registered_on, cube (province_code, platform_id)
),

-- One row for each person who learnt that day, so that the totals below count few rows and not every record
learnt_by_person as (
    select
        learning.day,
        counted.province_code,
        counted.platform_id,
        counted.person_sk,
        bool_or(learning.is_active_day) as is_active_day,
        sum(learning.study_seconds) as study_seconds
    from {{ ref('fct_learning_day') }} as learning
    inner join counted on learning.registration_sk = counted.registration_sk
    group by all
),

learnt as (
    select
        day,
        {{ province_or_nation() }} as province_code,
        {{ platform_or_all() }} as platform_id,
        count(distinct person_sk) filter (where is_active_day) as active_learners,
        sum(study_seconds) as study_seconds
    from learnt_by_person
    group by day, cube (province_code, platform_id)
),

joined as (
    select
        day,
        province_code,
        platform_id,
        coalesce(registered.registrations, 0) as registrations,
        coalesce(registered.learners, 0) as learners,
        coalesce(learnt.active_learners, 0) as active_learners,
        {{ study_hours('coalesce(learnt.study_seconds, 0)') }} as study_hours
    from registered
    full outer join learnt using (day, province_code, platform_id)
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
