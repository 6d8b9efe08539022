select
    province_code,
    institution_uscc,
    name,
    kind,
    platform_id,
    valid_from,
    valid_to,
    region_code,
    updated_at,
    landed_period_start
from {{ ref('stg_institutions') }}
