with

registrations as (select * from {{ ref('fct_registration') }}),

payments as (select * from {{ ref('fct_subsidy_payment') }} where person_key is not null),

events as (
    select
        person_key,
        registered_at as happened_at,
        'registered' as kind,
        concat_ws(':', platform_id, registration_id) as record_key,
        platform_id,
        course_id,
        concat_ws('; ', status, real_name_status, region_code) as detail
    from registrations

    union all

    select
        registrations.person_key, records.started_at, records.kind,
        concat_ws(':', records.platform_id, records.record_id), registrations.platform_id, registrations.course_id,
        concat_ws(
            '; ',
            'until ' || cast(records.ended_at as varchar),
            'score ' || cast(records.score as varchar),
            'face check ' || nullif(records.face_check, 'none'),
            case when not records.is_active_record then 'voided' end
        )
    from {{ ref('fct_learning_record') }} as records
    inner join registrations on records.registration_sk = registrations.registration_sk

    union all

    select
        registrations.person_key, reminders.sent_at, 'reminded',
        concat_ws(':', reminders.platform_id, reminders.reminder_id), registrations.platform_id, registrations.course_id,
        reminders.channel
    from {{ ref('fct_reminder') }} as reminders
    inner join registrations on reminders.registration_sk = registrations.registration_sk

    {%- for kind, day in [('certified', 'issued_at'), ('certificate_revoked', 'revoked_at')] %}

    union all

    select
        registrations.person_key, certificates.{{ day }}, '{{ kind }}',
        concat_ws(':', certificates.platform_id, certificates.certificate_no), registrations.platform_id,
        registrations.course_id,
        concat_ws('; ', certificates.certificate_no, cast(certificates.class_hours as varchar) || ' class hours')
    from {{ ref('fct_certificate') }} as certificates
    inner join registrations on certificates.registration_sk = registrations.registration_sk
    where certificates.{{ day }} is not null
    {%- endfor %}

    union all

    select
        person_key, completed_at, 'completed', concat_ws(':', platform_id, registration_id), platform_id, course_id, null
    from registrations
    where completed_at is not null

    {%- for kind in ['claimed', 'approved', 'rejected', 'paid', 'recovered'] %}

    union all

    select
        person_key, cast({{ kind }}_on as timestamp), 'subsidy_{{ kind }}', concat_ws(':', sender_id, payment_id),
        null, null,
        concat_ws('; ', scheme, cast(amount_cny as varchar) || ' CNY', fund, sender_id, certificate_no, project_id)
    from payments
    where {{ kind }}_on is not null
    {%- endfor %}

    {%- for kind, day in [('roster_began', 'valid_from'), ('roster_ended', 'valid_to')] %}

    union all

    select
        person_key, cast({{ day }} as timestamp), '{{ kind }}',
        concat_ws(':', province_code, group_code, cast(valid_from as varchar)), null, null,
        concat_ws('; ', group_code, province_code)
    from {{ ref('fct_eligibility') }}
    where {{ day }} is not null
    {%- endfor %}

    union all

    select
        person_key, cast(decided_on as timestamp), 'penalised', concat_ws(':', sender_id, penalty_id), null, null, reason
    from {{ ref('fct_penalty') }}
    where subject_kind = 'person'
)

select
    person_key,
    happened_at,
    kind,
    record_key,
    platform_id,
    course_id,
    detail
from events
