with

{{ supervision_parameters('certificate_before_hours', ['max_excess_share']) }},

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
    where
        certificates.class_hours * {{ class_hour_microseconds() }}
        > (1 + parameters.max_excess_share) * certificates.logged_microseconds
),

{{ claims_of_registrations() }},

{{ signals('certificate_before_hours', 'registration') }}
