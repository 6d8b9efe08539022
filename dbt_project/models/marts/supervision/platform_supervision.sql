with

campaign as (select clock, clock_day from {{ ref('dim_campaign') }}),

periods as (select period_start, is_complete from {{ ref('dim_period') }} where is_begun),

days as (select day, period_start from {{ ref('dim_day') }}),

platforms as (select platform_id, name_zh from {{ ref('dim_platform') }}),

counted as (
    select registrations.*, campaign.clock, campaign.clock_day
    from {{ ref('fct_registration') }} as registrations
    cross join campaign
    where registrations.is_counted and registrations.registered_at <= campaign.clock
),

traces as (
    select
        counted.registration_sk,
        sum(learning.sign_in_count) > 0 as has_sign_in,
        sum(learning.study_count) > 0 as has_study,
        sum(learning.question_count) > 0 as has_question,
        sum(learning.test_count) > 0 as has_test
    from {{ ref('fct_learning_day') }} as learning
    inner join counted on learning.registration_sk = counted.registration_sk
    where learning.day <= counted.clock_day
    group by counted.registration_sk
),

traced as (
    select
        counted.period_start,
        counted.platform_id,
        count(*) as registrations,
        count(*) filter (where traces.has_sign_in) as signed_in,
        count(*) filter (where traces.has_study) as studied,
        count(*) filter (where traces.has_question) as asked,
        count(*) filter (where traces.has_test) as tested,
        count(*) filter (where traces.has_sign_in and traces.has_study and (traces.has_question or traces.has_test))
            as traceable
    from counted
    left join traces on counted.registration_sk = traces.registration_sk
    group by counted.period_start, counted.platform_id
),

faces as (
    select
        counted.period_start,
        counted.platform_id,
        count(*) filter (where records.face_check = 'passed') as passed,
        count(*) as checked
    from {{ ref('fct_learning_record') }} as records
    inner join counted on records.registration_sk = counted.registration_sk
    where records.is_active_record
        and records.face_check in ('passed', 'failed')
        and records.started_at <= counted.clock
    group by counted.period_start, counted.platform_id
),

-- Reminders sent in the period, whenever the learner registered
reminders as (
    select reminders.reminder_id, reminders.platform_id, reminders.sent_at, days.period_start,
        counted.registration_sk, counted.person_sk, counted.clock
    from {{ ref('fct_reminder') }} as reminders
    inner join counted on reminders.registration_sk = counted.registration_sk
    inner join days on cast(reminders.sent_at as date) = days.day
    where reminders.sent_at <= counted.clock
),

returned as (
    select distinct reminders.period_start, reminders.platform_id, reminders.person_sk
    from reminders
    inner join {{ ref('fct_learning_record') }} as records
        on reminders.registration_sk = records.registration_sk
        and records.started_at > reminders.sent_at
        and records.started_at <= {{ add_hours('reminders.sent_at', '7 * 24') }}
        and records.started_at <= reminders.clock
    where records.is_active_record
),

reminded as (
    select
        reminders.period_start,
        reminders.platform_id,
        count(distinct reminders.person_sk) as reminded_learners,
        count(distinct returned.person_sk) as returned_learners
    from reminders
    left join returned
        on reminders.period_start = returned.period_start
        and reminders.platform_id = returned.platform_id
        and reminders.person_sk = returned.person_sk
    group by reminders.period_start, reminders.platform_id
),

reviewed as (
    select
        platform_id,
        count(*) filter (where review_status = 'approved') as approved_courses_count,
        count(*) filter (where review_status = 'pending') as pending_courses_count,
        count(*) filter (where review_status = 'rejected') as rejected_courses_count
    from {{ ref('dim_course') }}
    group by platform_id
)

select
    periods.period_start,
    platforms.platform_id,
    platforms.name_zh as platform_name_zh,
    periods.is_complete,
    coalesce(traced.registrations, 0) as registrations,
    {{ share_of('traced.signed_in', 'traced.registrations') }} as sign_in_share,
    {{ share_of('traced.studied', 'traced.registrations') }} as study_share,
    {{ share_of('traced.asked', 'traced.registrations') }} as question_share,
    {{ share_of('traced.tested', 'traced.registrations') }} as test_share,
    {{ share_of('traced.traceable', 'traced.registrations') }} as traceable_share,
    {{ share_of('faces.passed', 'faces.checked') }} as face_check_pass_share,
    coalesce(reminded.reminded_learners, 0) as reminded_learners,
    coalesce(reminded.returned_learners, 0) as returned_learners,
    coalesce(reviewed.approved_courses_count, 0) as approved_courses_count,
    coalesce(reviewed.pending_courses_count, 0) as pending_courses_count,
    coalesce(reviewed.rejected_courses_count, 0) as rejected_courses_count
from periods
cross join platforms
left join traced using (period_start, platform_id)
left join faces using (period_start, platform_id)
left join reminded using (period_start, platform_id)
left join reviewed using (platform_id)
where traced.platform_id is not null or reminded.platform_id is not null or reviewed.platform_id is not null
