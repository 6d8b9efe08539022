-- What happened to the people of people.sql, one row a record (registrations: one a version), in the feeds' columns.
-- Nothing happens after 2020-07-09, the day before the benchmark's clock.

create table course as
select
    platform.platform_id,
    'C' || lpad(number::varchar, 4, '0') as course_id,
    '样例课程' || number as title,
    occupation.occupation_code,
    occupation.category as content_category,
    ([20, 40, 60, 80, 100, 120])[1 + pick(platform.n * 100 + number, 'hours', 6)]::decimal(18, 4) as class_hours,
    case when chance(platform.n * 100 + number, 'graded') < 0.7
        then 1 + pick(platform.n * 100 + number, 'grade', 5) end as grade,
    ([['live'], ['recorded'], ['interactive']])[1 + pick(number, 'mode', 3)][1] as delivery_mode,
    true as is_free,
    timestamp '2020-03-10 10:00:00' + to_hours(pick(platform.n * 100 + number, 'published', 240)) as published_at
from platform
cross join range(1, 31) as numbers (number)
inner join occupation on occupation.n = pick(platform.n * 100 + number, 'occupation', 132);

create table registration as
select
    r,
    person.* exclude (region_code),
    person.region_code,
    platform.platform_id,
    'R' || r as registration_id,
    'C' || lpad((1 + pick(r, 'course', 30))::varchar, 4, '0') as course_id,
    case when chance(r, 'grouped') < 0.35
        then [([['KG01'], ['KG02'], ['KG03'], ['KG04'], ['KG05'], ['KG06A'], ['KG07'], ['KG08']])[1 + pick(r, 'group', 8)][1]] end
        as declared_groups,
    case when chance(r, 'project') < 0.15 then 'T' || pick(r, 'which project', 3000) end as project_id,
    ([['verified'], ['pending'], ['failed']])[1 + (chance(r, 'verified') > 0.94)::integer + (chance(r, 'verified') > 0.98)::integer][1]
        as real_name_status,
    timestamp '2020-03-23 07:00:00' + to_days((chance(r, 'day') * 100)::integer)
        + to_seconds(pick(r, 'second', 54000)) as registered_at
from range((5400000 * getvariable('scale'))::bigint) as drawn (r)
inner join person on person.person = pick(r, 'who', (5400000 * getvariable('scale') / 2.2)::bigint)
inner join platform
    on platform.n = floor(pow(chance(r, 'platform'), 1.7) * (select count(*) from platform))::bigint;

-- Seven records for each of 11 in 16 registrations (26 million to 5.4): a sign-in first, a test last, study between.
create table learning as
with drawn as (
    select
        l,
        l % 7 as step,
        registration.r,
        registration.platform_id,
        registration.registration_id,
        registration.client_ip,
        'D' || (2 * registration.person + (chance(l, 'device') < 0.2)::integer) as device_id,
        case
            when l % 7 = 0 then 'sign_in'
            when l % 7 = 6 then 'test'
            when chance(l, 'kind') < 0.75 then 'study'
            when chance(l, 'kind') < 0.92 then 'question'
            else 'other'
        end as kind,
        least(
            registration.registered_at
            + to_seconds((l % 7 * 108000 * chance(registration.r, 'pace'))::bigint + 60 + pick(l, 'start', 3600)),
            timestamp '2020-07-09 20:00:00' + to_seconds(pick(l, 'last', 3600))
        ) as started_at
    from range((26000000 * getvariable('scale'))::bigint) as drawn (l)
    inner join registration on registration.r = l // 7 * 16 // 11
)

select
    *,
    case when kind = 'study' or (kind = 'test' and chance(l, 'timed') < 0.5)
        then started_at + to_seconds(300 + pick(l, 'length', 4200)) end as ended_at,
    case when kind = 'test' then (50 + pick(l, 'score', 51))::decimal(18, 4) end as score,
    ([['passed'], ['none'], ['failed']])[1 + (chance(l, 'face') > 0.6)::integer + (chance(l, 'face') > 0.96)::integer][1]
        as face_check,
    case when chance(l, 'voided') < 0.01 then 'voided' else 'active' end as status,
    started_at + to_seconds(4800 + pick(l, 'lag', 600)) as updated_at
from drawn;

create table certificate as
select
    registration.r,
    registration.person,
    registration.platform_id,
    registration.registration_id,
    registration.region_code,
    registration.employer_uscc,
    'CN' || registration.r as certificate_no,
    least(
        registration.registered_at + to_seconds((108000 * 7 * chance(registration.r, 'pace'))::bigint + 90000),
        timestamp '2020-07-09 20:00:00' + to_seconds(pick(registration.r, 'late', 7200))
    ) as issued_at,
    ([20, 40, 60, 80])[1 + pick(registration.r, 'hours', 4)]::decimal(18, 4) as class_hours,
    (200 + pick(registration.r, 'cost', 1500))::decimal(12, 2) as cost_cny,
    (60 + pick(registration.r, 'mark', 41))::decimal(18, 4) as score,
    case when chance(registration.r, 'revoked') < 0.01 then timestamp '2020-07-09 10:00:00' end as revoked_at
from range((26000000 * getvariable('scale') / 7)::bigint) as active (a)
inner join registration on registration.r = a * 16 // 11
where chance(registration.r, 'certified') < 0.673;

-- Half of the certificates, and an allowance for some: 1.5 million to 5.4 million registrations.
create table payment as
with claims as (
    select *, 'training' as scheme, issued_at::date + 1 + pick(r, 'claimed', 12)::integer as claimed_on
    from certificate where chance(r, 'claims') < 0.5
    union all
    select *, 'living_allowance', issued_at::date + 2 + pick(r, 'allowance', 12)::integer
    from certificate where chance(r, 'allowed') < 0.1
),

decided as (
    select *,
        case when scheme = 'living_allowance' or chance(r, 'payee') < 0.8 then 'person' else 'enterprise' end as payee_kind,
        claimed_on + 3 as decided_on,
        claimed_on + 8 as paid_on
    from claims where claimed_on <= date '2020-07-09'
)

select
    r,
    person,
    left(region_code, 2) || '0000' as bureau_id,
    region_code,
    (case scheme when 'training' then 'T' else 'A' end) || r as payment_id,
    scheme,
    case scheme when 'training' then 'special_account' else 'employment_fund' end as fund,
    payee_kind,
    case when payee_kind <> 'person' then coalesce(employer_uscc, '91' || lpad('1', 16, '0')) end as payee_uscc,
    case scheme when 'training' then certificate_no end as certificate_no,
    (100 + pick(r, 'amount', 1400))::decimal(12, 2) as amount,
    case
        when paid_on <= date '2020-07-09' then 'paid'
        when decided_on <= date '2020-07-09' then if(chance(r, 'refused') < 0.1, 'rejected', 'approved')
        else 'claimed'
    end as status,
    claimed_on,
    case when decided_on <= date '2020-07-09' then decided_on end as decided_on,
    case when paid_on <= date '2020-07-09' then paid_on end as paid_on,
    least(paid_on, date '2020-07-09')::timestamp + to_seconds(36000 + pick(r, 'minute', 20000)) as updated_at
from decided;
