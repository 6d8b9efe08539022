with

{{ supervision_parameters('claimed_over_entitled', ['max_excess_cny']) }},

-- What a claim may draw on: of a training claim its registration's subsidy, of an allowance all that is due to the person
entitled as (
    select
        'training' as scheme,
        registration_sk as account,
        entitled_amount_cny
    from {{ ref('fct_training_decision') }}

    union all

    select
        'living_allowance' as scheme,
        person_sk as account,
        sum(entitled_amount_cny) as entitled_amount_cny
    from {{ ref('fct_allowance_decision') }}
    group by person_sk
),

claimed as (
    select
        *,
        case scheme when 'training' then registration_sk else person_sk end as account
    from {{ ref('fct_claim') }}
    where scheme in ('training', 'living_allowance') and registration_sk is not null
),

-- Earlier claims use the entitlement up, unless they were refused
accounted as (
    select
        *,
        coalesce(sum(case when status <> 'rejected' then amount_cny end) over (
            partition by scheme, account order by claimed_on, sender_id, payment_id
            rows between unbounded preceding and 1 preceding
        ), 0) as claimed_before_cny
    from claimed
),

compared as (
    select
        accounted.*,
        accounted.claimed_before_cny + accounted.amount_cny - coalesce(entitled.entitled_amount_cny, 0) as excess_cny
    from accounted
    left join entitled on accounted.scheme = entitled.scheme and accounted.account = entitled.account
),

excessive as (
    select
        {{ named_within('compared.sender_id', 'compared.payment_id') }} as subject_id,
        compared.*
    from compared
    cross join parameters
    where compared.excess_cny > parameters.max_excess_cny
),

{{ evidence_of_claims('excessive') }},

claims as (
    select subject_id, sender_id, payment_id, least(amount_cny, excess_cny) as amount_cny, status
    from excessive
),

{{ signals('claimed_over_entitled', 'payment') }}
