with

payments as (
    select sender_id, payment_id, scheme, region_code, province_code, claimed_on from {{ ref('fct_subsidy_payment') }}
),

rules as (
    select rule_id, scheme, region_code, valid_from, valid_to, overdue_days
    from {{ ref('dim_subsidy_rule') }}
    where overdue_days is not null
),

-- Few distinct claims in this sense, and many payments: decide once for each
claims as (select distinct scheme, region_code, province_code, claimed_on from payments),

candidates as (
    select
        claims.*,
        rules.rule_id,
        rules.overdue_days,
        row_number() over (
            partition by claims.scheme, claims.region_code, claims.province_code, claims.claimed_on
            order by
                case rules.region_code
                    when claims.region_code then 1
                    when left(claims.region_code, 4) || '00' then 2
                    when claims.province_code then 3
                    else 4
                end,
                rules.valid_from desc nulls last,
                rules.rule_id
        ) as preference
    from claims
    inner join rules
        on claims.scheme = rules.scheme
        and rules.region_code in (
            claims.region_code, left(claims.region_code, 4) || '00', claims.province_code, {{ nation() }}
        )
        and (rules.valid_from is null or claims.claimed_on >= rules.valid_from)
        and (rules.valid_to is null or claims.claimed_on <= rules.valid_to)
)

select
    payments.sender_id,
    payments.payment_id,
    candidates.rule_id,
    candidates.overdue_days,
    {{ add_days('payments.claimed_on', 'candidates.overdue_days + 1') }} as overdue_on
from payments
inner join candidates
    on payments.scheme = candidates.scheme
    and payments.region_code = candidates.region_code
    and payments.province_code = candidates.province_code
    and payments.claimed_on = candidates.claimed_on
where candidates.preference = 1
