with

periods as (select period_start, is_complete from {{ ref('dim_period') }} where is_begun),

-- A row that a sender dates after the clock must not get lost: it stands in the period that is running
running as (select max(period_start) as period_start from periods),

senders as (select sender_id, sender_kind, name_zh from {{ ref('dim_sender') }}),

batches as (select * from {{ ref('fct_delivery') }} where kind = 'batch'),

platforms as (select platform_id from {{ ref('dim_platform') }}),

registrations as (select * from {{ ref('fct_registration') }}),

certificates as (select * from {{ ref('fct_certificate') }}),

payments as (select * from {{ ref('fct_subsidy_payment') }}),

projects as (select * from {{ ref('dim_training_project') }}),

institutions as (select * from {{ ref('dim_institution') }}),

received as (
    select least(batches.period_start, running.period_start) as period_start, batches.sender_id, batches.feed,
        sum(batches.rows_count + batches.quarantined_rows_count) as received_rows
    from batches
    cross join running
    group by all
),

refused as (
    select distinct period_start, sender_id, feed, reason, batch_id, position from {{ ref('fct_quarantined_row') }}
),

-- Newest states that name something which no sender has delivered so far; it may still come
dangling as (
    select landed_period_start as period_start, platform_id as sender_id, 'courses' as feed
    from {{ ref('dim_course') }}
    where occupation_code is not null and not is_known_occupation
    union all
    select landed_period_start, platform_id, 'registrations'
    from registrations
    where not is_course_known
        or (project_id is not null and project_id not in (select project_id from projects))
    union all
    select records.landed_period_start, records.platform_id, 'learning_records'
    from {{ ref('fct_learning_record') }} as records
    where not exists (
        select 1 from registrations where registrations.registration_sk = records.registration_sk
    )
    union all
    select certificates.landed_period_start, certificates.platform_id, 'certificates'
    from certificates
    where not exists (
        select 1 from registrations where registrations.registration_sk = certificates.registration_sk
    )
    union all
    select reminders.landed_period_start, reminders.platform_id, 'reminders'
    from {{ ref('fct_reminder') }} as reminders
    where not exists (
        select 1 from registrations where registrations.registration_sk = reminders.registration_sk
    )
    union all
    select landed_period_start, province_code, 'institutions'
    from institutions
    where platform_id is not null and platform_id not in (select platform_id from platforms)
    union all
    select landed_period_start, province_code, 'training_projects'
    from projects
    where (
        occupation_code is not null
        and occupation_code not in (select occupation_code from {{ ref('dim_occupation') }})
    )
    or (institution_uscc is not null and institution_uscc not in (select institution_uscc from institutions))
    union all
    select payments.landed_period_start, payments.sender_id, 'subsidy_payments'
    from payments
    left join projects
        on payments.sender_id = projects.province_code
        and payments.project_id = projects.project_id
    where (payments.project_id is not null and projects.project_id is null)
        or (
            payments.certificate_no is not null
            and payments.certificate_no not in (select certificate_no from certificates)
        )
    union all
    select landed_period_start, sender_id, 'penalties'
    from {{ ref('fct_penalty') }}
    where (subject_kind = 'platform' and subject_id not in (select platform_id from platforms))
        or (subject_kind = 'institution' and subject_id not in (select institution_uscc from institutions))
),

troubles as (
    select period_start, sender_id, feed, reason from refused
    union all
    select period_start, sender_id, feed, 'orphaned' from dangling
),

counted as (
    select
        least(troubles.period_start, running.period_start) as period_start,
        troubles.sender_id,
        troubles.feed,
        troubles.reason,
        count(*) as rows_count
    from troubles
    cross join running
    group by all
)

select
    counted.period_start,
    counted.sender_id,
    senders.name_zh as sender_name_zh,
    senders.sender_kind,
    counted.feed,
    {{ label_zh('feed', 'counted.feed') }} as feed_name_zh,
    counted.reason,
    {{ label_zh('reason', 'counted.reason') }} as reason_name_zh,
    periods.is_complete,
    counted.rows_count,
    {{ share_of('counted.rows_count', 'received.received_rows') }} as received_share
from counted
inner join periods on counted.period_start = periods.period_start
left join received
    on counted.period_start = received.period_start
    and counted.sender_id = received.sender_id
    and counted.feed = received.feed
left join senders on counted.sender_id = senders.sender_id
