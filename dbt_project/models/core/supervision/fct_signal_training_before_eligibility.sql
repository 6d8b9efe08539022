with

{{ supervision_parameters('training_before_eligibility', ['is_enabled']) }},

{{ allowance_groups() }},

rosters as (
    select person_sk, min(valid_from) as first_valid_from
    from {{ ref('fct_eligibility') }}
    where group_code in (select group_code from allowance_groups)
    group by person_sk
),

-- An allowance pays for days of study up to its claim
studied as (
    select
        claimed.sender_id,
        claimed.payment_id,
        max(days.day) as last_study_day
    from {{ ref('fct_claim') }} as claimed
    inner join {{ ref('fct_registration') }} as registrations on claimed.person_sk = registrations.person_sk
    inner join {{ ref('fct_learning_day') }} as days
        on registrations.registration_sk = days.registration_sk
        and claimed.claimed_on >= days.day
    where claimed.scheme = 'living_allowance' and registrations.is_counted and days.study_seconds > 0
    group by claimed.sender_id, claimed.payment_id
),

doubtful as (
    select
        {{ named_within('claimed.sender_id', 'claimed.payment_id') }} as subject_id,
        claimed.*
    from {{ ref('fct_claim') }} as claimed
    cross join parameters
    inner join rosters on claimed.person_sk = rosters.person_sk
    inner join studied on claimed.sender_id = studied.sender_id and claimed.payment_id = studied.payment_id
    where parameters.is_enabled = 1 and rosters.first_valid_from > studied.last_study_day
),

{{ evidence_of_claims('doubtful') }},

{{ doubtful_claims('doubtful') }},

{{ signals('training_before_eligibility', 'payment') }}
