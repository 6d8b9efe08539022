select
    platform_id,
    certificate_no,
    registration_sk,
    issued_at,
    class_hours,
    cast(cost_cny as decimal(18, 2)) as cost_cny,
    score,
    revoked_at,
    revoked_at is not null as is_revoked,
    updated_at,
    landed_period_start
from {{ ref('stg_certificates') }}
