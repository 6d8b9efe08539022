with

decisions as (
    select 'training' as scheme, * from {{ ref('fct_training_decision') }}
    union all by name
    select 'living_allowance' as scheme, * from {{ ref('fct_allowance_decision') }}
)

select
    registration_sk,
    platform_id,
    registration_id,
    person_sk,
    scheme,
    province_code,
    fund,
    rule_id,
    is_entitled,
    entitled_amount_cny,
    reasons,
    event_date
from decisions
