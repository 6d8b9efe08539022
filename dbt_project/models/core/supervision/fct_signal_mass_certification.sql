with

{{ supervision_parameters('mass_certification', ['min_times_median', 'min_pass_share', 'pass_score']) }},

certificates as (
    select platform_id, certificate_no, registration_sk, issued_at, cast(issued_at as date) as day, is_revoked
    from {{ ref('fct_certificate') }}
),

certifying_days as (
    select
        platform_id,
        day,
        count(*) as certificates_count,
        min(issued_at) as first_at,
        max(issued_at) as last_at
    from certificates
    group by platform_id, day
),

compared as (
    select
        *,
        median(certificates_count) over (
            partition by platform_id order by day rows between unbounded preceding and 1 preceding
        ) as median_before
    from certifying_days
),

large as (
    select compared.*
    from compared
    cross join parameters
    where compared.certificates_count > parameters.min_times_median * compared.median_before
),

certified as (
    select distinct
        large.platform_id,
        large.day,
        certificates.registration_sk
    from large
    inner join certificates on large.platform_id = certificates.platform_id and large.day = certificates.day
),

tested as (
    select
        certified.platform_id,
        certified.day
    from certified
    inner join {{ ref('fct_learning_record') }} as records on certified.registration_sk = records.registration_sk
    cross join parameters
    where records.is_active_record and records.kind = 'test' and records.score is not null
    group by certified.platform_id, certified.day, parameters.pass_score, parameters.min_pass_share
    having
        count(*) filter (where records.score >= parameters.pass_score) >= parameters.min_pass_share * count(*)
),

evidence as (
    select
        large.platform_id as subject_id,
        large.first_at,
        large.last_at,
        certificates.certificate_no as evidence_id,
        certificates.platform_id as sender_id,
        certificates.issued_at as happened_at,
        certificates.registration_sk,
        cast(null as bigint) as person_sk,
        large.platform_id,
        cast(null as varchar) as institution_uscc,
        certificates.is_revoked as is_withdrawn
    from large
    inner join tested on large.platform_id = tested.platform_id and large.day = tested.day
    inner join certificates on large.platform_id = certificates.platform_id and large.day = certificates.day
),

{{ claims_of_registrations(dated=true) }},

{{ signals('mass_certification', 'platform', dated_claims=true) }}
