with

campaign as (select clock from {{ ref('dim_campaign') }}),

periods as (
    select period_start, is_complete from {{ ref('dim_period') }} where is_begun and is_in_action
),

provinces as (select province_code, province_name_zh from {{ ref('dim_province') }}),

platforms as (select platform_id, name_zh from {{ ref('dim_platform') }}),

registrations as (
    select registrations.*, campaign.clock
    from {{ ref('fct_registration') }} as registrations
    cross join campaign
    where registrations.is_in_action
        and registrations.is_platform_selected
        and registrations.registered_at <= campaign.clock
),

counted as (select * from registrations where is_counted),

studied as (
    select days.period_start, counted.province_code, counted.platform_id, sum(learning.study_seconds) as study_seconds
    from {{ ref('fct_learning_day') }} as learning
    inner join {{ ref('dim_day') }} as days on learning.day = days.day
    inner join counted on learning.registration_sk = counted.registration_sk
    group by all
),

-- What adds up over provinces and platforms, at the finest grain
sums as (
    select
        period_start,
        province_code,
        platform_id,
        count(*) filter (where is_counted) as registrations,
        count(*) filter (where not is_active) as cancelled_registrations,
        count(*) filter (where is_active and not is_verified) as unverified_registrations,
        0 as completed_registrations,
        0 as study_seconds
    from registrations
    group by all
    union all
    select completed_period_start, province_code, platform_id, 0, 0, 0, count(*), 0
    from counted
    where completed_at <= clock and completed_period_start is not null
    group by all
    union all
    select period_start, province_code, platform_id, 0, 0, 0, 0, study_seconds from studied
),

summed as (
    select
        period_start,
        {{ province_or_nation() }} as province_code,
        {{ platform_or_all() }} as platform_id,
        sum(registrations) as registrations,
        sum(cancelled_registrations) as cancelled_registrations,
        sum(unverified_registrations) as unverified_registrations,
        sum(completed_registrations) as completed_registrations,
        sum(study_seconds) as study_seconds
    from sums
    group by period_start, cube (province_code, platform_id)
),

{{ distinct_persons('learners', 'counted', 'period_start') }},

-- The period in which a person first appears in each province × platform and in each total. Counted once and added
-- up they are the distinct persons to date, without comparing each period with all before it.
first_appearances as (
    select
        {{ province_or_nation() }} as province_code,
        {{ platform_or_all() }} as platform_id,
        min(period_start) as period_start
    from counted
    group by person_sk, cube (province_code, platform_id)
),

new_learners as (
    select period_start, province_code, platform_id, count(*) as new_learners
    from first_appearances
    group by all
),

standing as (
    select
        keys.*,
        periods.period_start,
        periods.is_complete,
        coalesce(summed.registrations, 0) as registrations,
        coalesce(learners.persons, 0) as learners,
        sum(coalesce(summed.registrations, 0)) over to_date as cumulative_registrations,
        sum(coalesce(new_learners.new_learners, 0)) over to_date as cumulative_learners,
        coalesce(new_learners.new_learners, 0) as new_learners,
        coalesce(summed.cancelled_registrations, 0) as cancelled_registrations,
        coalesce(summed.unverified_registrations, 0) as unverified_registrations,
        coalesce(summed.completed_registrations, 0) as completed_registrations,
        {{ study_hours('coalesce(summed.study_seconds, 0)') }} as study_hours
    from periods
    cross join (select distinct province_code, platform_id from summed) as keys
    left join summed using (period_start, province_code, platform_id)
    left join learners using (period_start, province_code, platform_id)
    left join new_learners using (period_start, province_code, platform_id)
    window to_date as (
        partition by keys.province_code, keys.platform_id order by periods.period_start rows unbounded preceding
    )
)

select
    standing.period_start,
    standing.province_code,
    provinces.province_name_zh,
    standing.platform_id,
    {{ platform_name_zh('standing.platform_id', 'platforms.name_zh') }} as platform_name_zh,
    {{ row_kind('standing.province_code', 'standing.platform_id') }} as row_kind,
    standing.is_complete,
    cast(standing.registrations as bigint) as registrations,
    cast(standing.learners as bigint) as learners,
    cast(standing.cumulative_registrations as bigint) as cumulative_registrations,
    cast(standing.cumulative_learners as bigint) as cumulative_learners,
    cast(standing.new_learners as bigint) as new_learners,
    cast(standing.cancelled_registrations as bigint) as cancelled_registrations,
    cast(standing.unverified_registrations as bigint) as unverified_registrations,
    cast(standing.completed_registrations as bigint) as completed_registrations,
    standing.study_hours
from standing
left join provinces on standing.province_code = provinces.province_code
left join platforms on standing.platform_id = platforms.platform_id
where standing.cumulative_registrations + standing.cancelled_registrations + standing.unverified_registrations
    + standing.completed_registrations + standing.study_hours > 0
