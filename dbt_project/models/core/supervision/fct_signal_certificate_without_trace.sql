with

{{ supervision_parameters('certificate_without_trace', ['is_enabled']) }},

evidence as (
    select
        {{ named_within('certificates.platform_id', 'certificates.registration_id') }} as subject_id,
        certificates.issued_at as first_at,
        certificates.issued_at as last_at,
        certificates.certificate_no as evidence_id,
        certificates.platform_id as sender_id,
        certificates.issued_at as happened_at,
        certificates.registration_sk,
        certificates.person_sk,
        certificates.platform_id,
        cast(null as varchar) as institution_uscc,
        certificates.is_revoked as is_withdrawn
    from {{ ref('fct_decisive_certificate') }} as certificates
    cross join parameters
    left join {{ ref('fct_registration_trace') }} as traces on certificates.registration_sk = traces.registration_sk
    where
        parameters.is_enabled = 1
        and coalesce(traces.sign_in_count + traces.study_count + traces.test_count, 0) = 0
),

{{ claims_of_registrations() }},

{{ signals('certificate_without_trace', 'registration') }}
