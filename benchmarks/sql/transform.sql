-- Five facts and three marts from raw, by hand: the same rows as the models of these names, checked column by column.
-- `given` holds the small dimensions that the warehouse has made (platforms, courses, regions, days, periods).

create schema if not exists made;

-- A record that came more than once is rare: only those few are ranked.
create or replace table made.fct_learning_record as
with landed as (select *, hash(sender_id, record_id) as key_hash from raw.learning_records),

repeated as (select key_hash from landed group by key_hash having count(*) > 1),

newest as (
    select * from landed where key_hash not in (from repeated)
    union all
    select * from landed where key_hash in (from repeated)
    qualify row_number() over (
        partition by sender_id, record_id order by updated_at desc, _ledger_sequence desc, _position desc
    ) = 1
)

select
    registration_sk, sender_id as platform_id, record_id, kind, started_at, ended_at, score, device_id, client_ip_key,
    face_check, coalesce(status, 'active') = 'active' as is_active_record, updated_at,
    _period_start as landed_period_start
from newest;

create or replace table made.fct_certificate as
select
    sender_id as platform_id, certificate_no, registration_sk, issued_at, class_hours,
    cost_cny::decimal(18, 2) as cost_cny, score, revoked_at, revoked_at is not null as is_revoked, updated_at,
    _period_start as landed_period_start
from raw.certificates
qualify row_number() over (
    partition by sender_id, certificate_no order by updated_at desc, _ledger_sequence desc, _position desc
) = 1;

create or replace table made.fct_study_interval as
with cut as (
    select registration_sk, started_at, least(ended_at, started_at + interval 4 hours) as ended_at
    from made.fct_learning_record
    where is_active_record and kind = 'study' and ended_at > started_at
),

pieces as (
    select registration_sk, greatest(started_at, coalesce(reached, started_at)) as started_at, ended_at
    from (
        select *, max(ended_at) over (
            partition by registration_sk order by started_at, ended_at
            rows between unbounded preceding and 1 preceding
        ) as reached
        from cut
    )
    where reached is null or ended_at > reached
)

-- at most four hours long: a piece touches two days at most
select registration_sk, started_at::date as day, started_at, least(ended_at, (started_at::date + 1)::timestamp) as ended_at
from pieces
union all
select registration_sk, ended_at::date, ended_at::date::timestamp, ended_at
from pieces
where ended_at::date > started_at::date and ended_at > ended_at::date::timestamp;

create or replace table made.fct_learning_day as
with studied as (
    select registration_sk, day, sum(epoch_us(ended_at) - epoch_us(started_at)) as microseconds
    from made.fct_study_interval group by all
),

recorded as (
    select
        registration_sk, started_at::date as day,
        count(*) filter (kind = 'sign_in') as sign_in_count, count(*) filter (kind = 'study') as study_count,
        count(*) filter (kind = 'question') as question_count, count(*) filter (kind = 'test') as test_count
    from made.fct_learning_record
    where is_active_record and kind <> 'other'
    group by all
)

select
    registration_sk,
    day,
    (coalesce(microseconds, 0)::decimal(18, 0) * 0.000001::decimal(6, 6))::decimal(18, 6) as study_seconds,
    (((coalesce(microseconds, 0)::bigint + 180000) // 360000) * 0.0001::decimal(5, 4))::decimal(18, 4) as study_hours,
    coalesce(sign_in_count, 0) as sign_in_count,
    coalesce(study_count, 0) as study_count,
    coalesce(question_count, 0) as question_count,
    coalesce(test_count, 0) as test_count,
    recorded.day is not null as is_active_day
from studied full join recorded using (registration_sk, day)
where coalesce(microseconds, 0) > 0 or recorded.day is not null;

create or replace table made.fct_registration as
with newest as (
    select * from raw.registrations
    where registration_sk not in (select registration_sk from raw.registrations group by 1 having count(*) > 1)
    union all
    select * from raw.registrations
    where registration_sk in (select registration_sk from raw.registrations group by 1 having count(*) > 1)
    qualify row_number() over (
        partition by sender_id, registration_id order by updated_at desc, _ledger_sequence desc, _position desc
    ) = 1
),

learnt as (
    select
        registration_sk,
        min(started_at) filter (kind = 'sign_in') as first_sign_in_at,
        min(started_at) filter (kind = 'test') as first_test_at
    from made.fct_learning_record
    where is_active_record and kind in ('sign_in', 'test')
    group by registration_sk
),

certified as (
    select registration_sk, min(issued_at) as first_certificate_at
    from made.fct_certificate where not is_revoked group by registration_sk
),

joined as (
    select
        newest.*,
        newest.registered_at::date as registered_on,
        courses.course_id is not null as is_course_known,
        case when courses.is_known_occupation then courses.occupation_code end as occupation_code,
        courses.content_category,
        courses.grade as course_grade,
        case when newest.region_code like '6590__' or newest.region_code like '66____' then '660000'
            else coalesce(regions.province_code, '990000') end as province_code,
        coalesce(
            newest.registered_at::date between platforms.selected_from
            and coalesce(platforms.selected_to, newest.registered_at::date), false
        ) as is_platform_selected,
        newest.registered_at::date between campaign.first_day and campaign.last_day as is_in_action,
        newest.real_name_status = 'verified' as is_verified,
        newest.status = 'active' as is_active,
        coalesce(
            courses.is_known_occupation and courses.content_category <> 'general_content'
            and newest.registered_at::date >= courses.open_from
            and (courses.open_to is null or newest.registered_at::date <= courses.open_to), false
        ) as is_course_open_itself,
        learnt.first_sign_in_at,
        learnt.first_test_at,
        certified.first_certificate_at,
        case when first_sign_in_at is not null and first_test_at is not null and first_certificate_at is not null
            then greatest(first_sign_in_at, first_test_at, first_certificate_at) end as completed_at
    from newest
    cross join given.core.dim_campaign as campaign
    left join given.core.dim_platform as platforms on newest.sender_id = platforms.platform_id
    left join given.core.dim_course as courses
        on newest.sender_id = courses.platform_id and newest.course_id = courses.course_id
    left join given.core.dim_region as regions
        on newest.region_code = regions.region_code
        and (regions.valid_from is null or newest.registered_at::date >= regions.valid_from)
        and (regions.valid_to is null or newest.registered_at::date <= regions.valid_to)
    left join learnt using (registration_sk)
    left join certified using (registration_sk)
)

select
    registration_sk, sender_id as platform_id, registration_id, person_sk, person_key, birth_year, sex, course_id,
    is_course_known, occupation_code, content_category, course_grade, region_code, province_code, employer_uscc, project_id,
    declared_groups, real_name_status, status, registered_at, registered_on, days.period_start, is_in_action,
    is_platform_selected, is_verified, is_active,
    is_verified and is_active and is_platform_selected and is_in_action as is_counted,
    is_course_open_itself and is_platform_selected as is_course_open,
    first_sign_in_at, first_test_at, first_certificate_at, completed_at, completed_at::date as completed_on,
    completed_days.period_start as completed_period_start, updated_at, _period_start as landed_period_start
from joined
left join (select day, period_start from given.core.dim_day) as days on registered_on = days.day
left join (select day, period_start from given.core.dim_day) as completed_days on completed_at::date = completed_days.day;

-- The two marts that count persons anew in every total, and one of plain sums
create or replace table made.registration_progress as
with counted as (from made.fct_registration where is_counted),

sums as (
    select period_start, province_code, platform_id, count(*) filter (is_counted) as registrations,
        count(*) filter (not is_active) as cancelled_registrations,
        count(*) filter (is_active and not is_verified) as unverified_registrations, 0 as completed_registrations,
        0::decimal(18, 6) as study_seconds
    from made.fct_registration where is_in_action and is_platform_selected group by all
    union all
    select completed_period_start, province_code, platform_id, 0, 0, 0, count(*), 0
    from counted where completed_period_start is not null group by all
    union all
    select days.period_start, province_code, platform_id, 0, 0, 0, 0, sum(study_seconds)
    from made.fct_learning_day as learning
    inner join counted using (registration_sk)
    inner join given.core.dim_day as days on learning.day = days.day
    group by all
),

summed as (
    select period_start, coalesce(province_code, '000000') as province_code, coalesce(platform_id, '_all') as platform_id,
        sum(columns(* exclude (period_start, province_code, platform_id)))
    from sums group by period_start, cube (sums.province_code, sums.platform_id)
),

-- A person once for each period, province and platform; the totals count from these
persons as (select distinct period_start, province_code, platform_id, person_sk from counted),

learners as (
    select period_start, coalesce(province_code, '000000') as province_code, coalesce(platform_id, '_all') as platform_id,
        count(distinct person_sk) as learners
    from persons group by period_start, cube (persons.province_code, persons.platform_id)
),

first_seen as (
    select coalesce(province_code, '000000') as province_code, coalesce(platform_id, '_all') as platform_id,
        min(period_start) as period_start
    from persons group by person_sk, cube (persons.province_code, persons.platform_id)
),

new_learners as (select *, count(*) as new_learners from first_seen group by all)

select
    periods.period_start, province_code, platform_id,
    coalesce(summed.registrations, 0)::bigint as registrations,
    coalesce(learners, 0)::bigint as learners,
    sum(coalesce(summed.registrations, 0)) over to_date::bigint as cumulative_registrations,
    sum(coalesce(new_learners, 0)) over to_date::bigint as cumulative_learners,
    coalesce(new_learners, 0)::bigint as new_learners,
    coalesce(cancelled_registrations, 0)::bigint as cancelled_registrations,
    coalesce(unverified_registrations, 0)::bigint as unverified_registrations,
    coalesce(completed_registrations, 0)::bigint as completed_registrations,
    ((((coalesce(study_seconds, 0) * 1000000)::bigint + 180000) // 360000) * 0.0001::decimal(5, 4))::decimal(18, 4)
        as study_hours
from (from given.core.dim_period where is_begun and is_in_action) as periods
cross join (select distinct province_code, platform_id from summed) as keys
left join summed using (period_start, province_code, platform_id)
left join learners using (period_start, province_code, platform_id)
left join new_learners using (period_start, province_code, platform_id)
window to_date as (partition by province_code, platform_id order by periods.period_start rows unbounded preceding)
qualify cumulative_registrations + coalesce(cancelled_registrations, 0) + coalesce(unverified_registrations, 0)
    + coalesce(completed_registrations, 0) + study_hours > 0;

create or replace table made.registration_daily as
with counted as (
    select registration_sk, person_sk, province_code, platform_id, registered_on
    from made.fct_registration where is_counted
),

registered as (
    select registered_on as day, coalesce(province_code, '000000') as province_code,
        coalesce(platform_id, '_all') as platform_id, count(*) as registrations, count(distinct person_sk) as learners
    from counted group by registered_on, cube (counted.province_code, counted.platform_id)
),

by_person as (
    select day, province_code, platform_id, person_sk, bool_or(is_active_day) as is_active_day,
        sum(study_seconds) as study_seconds
    from made.fct_learning_day inner join counted using (registration_sk) group by all
),

learnt as (
    select day, coalesce(province_code, '000000') as province_code, coalesce(platform_id, '_all') as platform_id,
        count(distinct person_sk) filter (is_active_day) as active_learners, sum(study_seconds) as study_seconds
    from by_person group by day, cube (by_person.province_code, by_person.platform_id)
)

select
    day, province_code, platform_id,
    coalesce(registrations, 0)::bigint as registrations,
    coalesce(learners, 0)::bigint as learners,
    coalesce(active_learners, 0)::bigint as active_learners,
    ((((coalesce(study_seconds, 0) * 1000000)::bigint + 180000) // 360000) * 0.0001::decimal(5, 4))::decimal(18, 4)
        as study_hours
from registered
full join learnt using (day, province_code, platform_id)
where day in (select day from given.core.dim_day)
    and coalesce(registrations, 0) + coalesce(active_learners, 0) + study_hours > 0;
