with

payments as (select * from {{ ref('stg_subsidy_payments') }})

select
    province_code as sender_id,
    province_code,
    payment_id,
    scheme,
    fund,
    payee_kind,
    person_sk,
    person_key,
    payee_uscc,
    certificate_no,
    project_id,
    cast(amount_cny as decimal(18, 2)) as amount_cny,
    status,
    claimed_on,
    decided_on,
    case when status in ('approved', 'paid', 'recovered') then coalesce(decided_on, paid_on) end as approved_on,
    case when status = 'rejected' then decided_on end as rejected_on,
    case when status in ('paid', 'recovered') then paid_on end as paid_on,
    case when status = 'recovered' then recovered_on end as recovered_on,
    region_code,
    fund <> case when scheme = 'living_allowance' then 'employment_fund' else 'special_account' end as is_wrong_fund,
    updated_at,
    landed_period_start
from payments
