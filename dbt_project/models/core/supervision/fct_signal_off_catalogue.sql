with

{{ supervision_parameters('off_catalogue', ['is_enabled']) }},

doubtful as (
    select
        {{ named_within('claimed.sender_id', 'claimed.payment_id') }} as subject_id,
        claimed.*
    from {{ ref('fct_claim') }} as claimed
    cross join parameters
    inner join {{ ref('fct_certified_registration') }} as certified on claimed.registration_sk = certified.registration_sk
    where parameters.is_enabled = 1 and claimed.scheme = 'training' and certified.is_not_in_catalogue
),

{{ evidence_of_claims('doubtful') }},

{{ doubtful_claims('doubtful') }},

{{ signals('off_catalogue', 'payment') }}
