with

{{ supervision_parameters('score_changed_after_issue', ['is_enabled']) }},

certificates as (select * from {{ ref('fct_decisive_certificate') }}),

versions as (
    select
        certificates.registration_sk,
        tests.record_id,
        tests.score,
        tests.updated_at,
        certificates.issued_at,
        lag(tests.score) over (
            partition by tests.platform_id, tests.record_id
            order by tests.updated_at, tests.ledger_sequence, tests.position
        ) as score_before
    from {{ ref('stg_learning_record_versions') }} as tests
    inner join certificates on tests.registration_sk = certificates.registration_sk
    where tests.kind = 'test' and tests.status = 'active' and tests.score is not null
),

evidence as (
    select
        {{ named_within('certificates.platform_id', 'certificates.registration_id') }} as subject_id,
        versions.updated_at as first_at,
        versions.updated_at as last_at,
        versions.record_id as evidence_id,
        certificates.platform_id as sender_id,
        versions.updated_at as happened_at,
        certificates.registration_sk,
        certificates.person_sk,
        certificates.platform_id,
        cast(null as varchar) as institution_uscc,
        certificates.is_revoked as is_withdrawn
    from versions
    inner join certificates on versions.registration_sk = certificates.registration_sk
    cross join parameters
    where
        parameters.is_enabled = 1
        and versions.score > versions.score_before
        and versions.updated_at > versions.issued_at
),

{{ claims_of_registrations() }},

{{ signals('score_changed_after_issue', 'registration') }}
