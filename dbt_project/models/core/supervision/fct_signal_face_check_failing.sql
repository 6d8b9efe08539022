with

{{ supervision_parameters('face_check_failing', ['max_failed_share', 'min_checks']) }},

failing as (
    select registrations.registration_sk, registrations.platform_id, registrations.registration_id, registrations.person_sk
    from {{ ref('fct_registration_trace') }} as traces
    inner join {{ ref('fct_registration') }} as registrations on traces.registration_sk = registrations.registration_sk
    cross join parameters
    where
        traces.face_failed_count > parameters.max_failed_share * (traces.face_passed_count + traces.face_failed_count)
        and traces.face_passed_count + traces.face_failed_count >= parameters.min_checks
),

evidence as (
    select
        {{ named_within('failing.platform_id', 'failing.registration_id') }} as subject_id,
        min(records.started_at) over (partition by failing.registration_sk) as first_at,
        max(records.started_at) over (partition by failing.registration_sk) as last_at,
        records.record_id as evidence_id,
        failing.platform_id as sender_id,
        records.started_at as happened_at,
        failing.registration_sk,
        failing.person_sk,
        failing.platform_id,
        cast(null as varchar) as institution_uscc,
        false as is_withdrawn
    from failing
    inner join {{ ref('fct_learning_record') }} as records on failing.registration_sk = records.registration_sk
    where records.is_active_record and records.face_check = 'failed'
),

{{ claims_of_registrations() }},

{{ signals('face_check_failing', 'registration') }}
