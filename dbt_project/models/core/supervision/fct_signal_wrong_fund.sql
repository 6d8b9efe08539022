with

{{ supervision_parameters('wrong_fund', ['is_enabled']) }},

doubtful as (
    select
        {{ named_within('claimed.sender_id', 'claimed.payment_id') }} as subject_id,
        claimed.*
    from {{ ref('fct_claim') }} as claimed
    cross join parameters
    where parameters.is_enabled = 1 and claimed.is_wrong_fund
),

evidence as (
    select
        subject_id,
        cast(claimed_on as timestamp) as first_at,
        cast(claimed_on as timestamp) as last_at,
        payment_id as evidence_id,
        sender_id,
        cast(claimed_on as timestamp) as happened_at,
        person_sk,
        platform_id,
        payee_uscc as institution_uscc,
        false as is_withdrawn
    from doubtful
),

claims as (select subject_id, sender_id, payment_id, amount_cny, status from doubtful),

{{ signals('wrong_fund', 'payment') }}
