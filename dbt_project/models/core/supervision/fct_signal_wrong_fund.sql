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

{{ evidence_of_claims('doubtful') }},

{{ doubtful_claims('doubtful') }},

{{ signals('wrong_fund', 'payment') }}
