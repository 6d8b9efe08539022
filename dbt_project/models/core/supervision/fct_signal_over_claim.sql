with

{{ supervision_parameters('over_claim', ['max_claims_per_year']) }},

-- A refused claim takes nothing from the limit, but may itself lie above it
counted as (
    select
        *,
        count(*) filter (where status <> 'rejected') over (
            partition by person_sk, year(claimed_on) order by claimed_on, sender_id, payment_id
            rows between unbounded preceding and 1 preceding
        ) as claims_before
    from {{ ref('fct_claim') }}
    where scheme = 'training' and person_sk is not null
),

above as (
    select counted.*
    from counted
    cross join parameters
    where counted.claims_before >= parameters.max_claims_per_year
),

evidence as (
    select
        cast(person_key as varchar) as subject_id,
        cast(claimed_on as timestamp) as first_at,
        cast(claimed_on as timestamp) as last_at,
        payment_id as evidence_id,
        sender_id,
        cast(claimed_on as timestamp) as happened_at,
        person_sk,
        cast(null as varchar) as platform_id,
        cast(null as varchar) as institution_uscc,
        false as is_withdrawn
    from above
),

claims as (
    select
        cast(person_key as varchar) as subject_id,
        cast(claimed_on as timestamp) as last_at,
        sender_id,
        payment_id,
        amount_cny,
        status
    from above
),

{{ signals('over_claim', 'person', dated_claims=true) }}
