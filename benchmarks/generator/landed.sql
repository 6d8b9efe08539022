-- The feeds as landing keeps them: identities already replaced (identity, address: made by the project's own functions).
-- One table landed_<feed> each, clustered by sender and period, so that a batch is read from few blocks.

create table landed_courses as
select
    platform_id as sender_id, course_id, title, occupation_code, content_category, class_hours, grade, delivery_mode, is_free,
    null::varchar as region_zone, null::date as free_until, null::varchar as instructor_honour, 'approved' as review_status,
    published_at, null::timestamp as withdrawn_at, published_at as updated_at
from course;

-- One in fifty comes a second time, cancelled or corrected.
create table landed_registrations as
with versions as (
    select *, 'active' as status, registered_at + to_seconds(5 + r % 300) as updated_at from registration
    union all
    select * replace (project_id as project_id),
        if(chance(r, 'cancelled') < 0.5, 'cancelled', 'active'),
        least(registered_at + to_days(16), timestamp '2020-07-09 21:00:00')
    from registration where chance(r, 'twice') < 0.02
)

select
    platform_id as sender_id, registration_id, course_id, id_type, region_code, employer_uscc, declared_groups, project_id,
    real_name_status, registered_at, status, updated_at, __REGISTRATION_SK__ as registration_sk,
    person_sk, person_key, birth_year, sex, left(learner_name, 1) || '*' as learner_name_masked,
    right(phone, 4) as phone_last4
from versions inner join identity using (id_type, id_number);

create table landed_learning_records as
select
    platform_id as sender_id, 'L' || l as record_id, registration_id, kind, started_at, ended_at, score, device_id,
    face_check, status, updated_at, __REGISTRATION_SK__ as registration_sk, client_ip_key
from learning inner join address using (client_ip);

create table landed_certificates as
select
    platform_id as sender_id, certificate_no, registration_id, issued_at, class_hours, cost_cny, score, revoked_at,
    issued_at + to_minutes(5) as updated_at, __REGISTRATION_SK__ as registration_sk
from certificate;

create table landed_reminders as
select
    platform_id as sender_id, 'M' || r as reminder_id, registration_id, registered_at + to_days(1) as sent_at,
    'sms' as channel, registered_at + to_days(1) as updated_at, __REGISTRATION_SK__ as registration_sk
from registration where chance(r, 'reminded') < 0.03 and registered_at < timestamp '2020-07-08';

create table landed_eligibility_rosters as
select
    left(region_code, 2) || '0000' as sender_id, id_type, ([['KG03'], ['KG04'], ['KG06A'], ['KG08']])[1 + pick(person, 'listed as', 4)][1]
        as group_code,
    date '2020-01-01' as valid_from, null::date as valid_to, region_code, timestamp '2020-03-24 09:00:00' as updated_at,
    person_sk, person_key, birth_year, sex
from person inner join identity using (id_type, id_number)
where chance(person, 'listed') < 0.08;

create table landed_institutions as
select
    left(county.region_code, 2) || '0000' as sender_id, '92' || lpad(county.n::varchar, 16, '0') as institution_uscc,
    '样例机构' || county.n as name, 'training' as kind, null::varchar as platform_id, date '2019-01-01' as valid_from,
    null::date as valid_to, county.region_code, timestamp '2020-03-24 09:00:00' as updated_at
from county where county.n % 10 = 0;

create table landed_training_projects as
select
    left(county.region_code, 2) || '0000' as sender_id, 'T' || i as project_id, '样例项目' || i as name,
    'enterprise_online' as kind, null::varchar as occupation_code, null::bigint as grade,
    '92' || lpad((county.n - county.n % 10)::varchar, 16, '0') as institution_uscc,
    '91' || lpad(pick(i, 'enterprise', 40000)::varchar, 16, '0') as enterprise_uscc, true as affected_by_epidemic,
    200 as planned_learners, 60000::decimal(12, 2) as planned_amount, 0.5::decimal(18, 4) as prepaid_share,
    date '2020-03-23' as starts_on, date '2020-06-30' as ends_on, county.region_code,
    timestamp '2020-03-24 09:00:00' as updated_at
from range(3000) as drawn (i) inner join county on county.n = pick(i, 'project in', (select count(*) from county));

create table landed_subsidy_payments as
select
    bureau_id as sender_id, payment_id, scheme, fund, payee_kind,
    if(payee_kind = 'person', 'resident_id', null) as id_type, payee_uscc, certificate_no, null::varchar as project_id,
    amount, status, claimed_on, decided_on, paid_on, null::date as recovered_on, payment.region_code, updated_at,
    if(payee_kind = 'person', person_sk, null) as person_sk, if(payee_kind = 'person', person_key, null) as person_key,
    if(payee_kind = 'person', birth_year, null) as birth_year, if(payee_kind = 'person', sex, null) as sex
from payment inner join person using (person) inner join identity using (id_type, id_number);

create table landed_dispatch_reports as
select
    bureau_id as sender_id, bureau_id as region_code, period_start, period_start::timestamp + to_days(16) as filed_at,
    1 as version, indicator_code, pick(bureau_id || period_start || indicator_code, 'reported', 5000)::decimal(18, 4) as this_period,
    (period.n * 5000)::decimal(18, 4) as cumulative
from bureau
cross join period
cross join (
    select unnest(['registrations', 'learners', 'completed', 'certificates', 'courses_open', 'training_subsidy_persons',
        'training_subsidy_amount_cny', 'publicity_events']) as indicator_code
);

create table landed_penalties as
select
    left(county.region_code, 2) || '0000' as sender_id, 'X' || county.n as penalty_id, 'institution' as subject_kind,
    '92' || lpad(county.n::varchar, 16, '0') as subject_id, null::varchar as id_type, 'benchmark' as reason,
    date '2020-05-01' + pick(county.n, 'decided', 30)::integer as decided_on, county.region_code,
    timestamp '2020-06-02 09:00:00' as updated_at, null::bigint as person_sk, null::uuid as person_key
from county where county.n % 100 = 0;
