-- The daily mart and the period's are computed apart. Hours are rounded once in each row, so each day may be off by half
-- of the last decimal.
with

by_day as (
    select
        period_start,
        province_code,
        platform_id,
        sum(registrations) as registrations,
        sum(study_hours) as study_hours,
        count(*) as days_count
    from {{ ref('registration_daily') }}
    where period_start in (select period_start from {{ ref('registration_progress') }})
    group by period_start, province_code, platform_id
),

compared as (
    select
        coalesce(by_day.period_start, progress.period_start) as period_start,
        coalesce(by_day.province_code, progress.province_code) as province_code,
        coalesce(by_day.platform_id, progress.platform_id) as platform_id,
        coalesce(by_day.registrations, 0) as registrations_by_day,
        coalesce(progress.registrations, 0) as registrations,
        coalesce(by_day.study_hours, 0) as study_hours_by_day,
        coalesce(progress.study_hours, 0) as study_hours,
        coalesce(by_day.days_count, 0) as days_count
    from by_day
    full outer join {{ ref('registration_progress') }} as progress
        on by_day.period_start = progress.period_start
        and by_day.province_code = progress.province_code
        and by_day.platform_id = progress.platform_id
)

select * from compared
where registrations_by_day <> registrations
    or abs(study_hours_by_day - study_hours) > 0.00005 * (days_count + 1)
