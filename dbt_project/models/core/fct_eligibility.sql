select
    person_sk,
    person_key,
    group_code,
    valid_from,
    valid_to,
    province_code,
    region_code,
    updated_at,
    landed_period_start
from {{ ref('stg_eligibility_rosters') }}
