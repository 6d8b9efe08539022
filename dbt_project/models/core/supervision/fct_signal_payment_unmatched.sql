with

{{ supervision_parameters('payment_unmatched', ['is_enabled']) }},

doubtful as (
    select
        {{ named_within('claimed.sender_id', 'claimed.payment_id') }} as subject_id,
        claimed.*
    from {{ ref('fct_claim') }} as claimed
    cross join parameters
    where parameters.is_enabled = 1 and claimed.paid_on is not null and not claimed.is_matched
),

{{ evidence_of_claims('doubtful', 'paid_on') }},

{{ doubtful_claims('doubtful') }},

{{ signals('payment_unmatched', 'payment') }}
