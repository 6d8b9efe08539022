select
    province_code as sender_id,
    province_code,
    penalty_id,
    subject_kind,
    subject_id,
    person_sk,
    person_key,
    reason,
    decided_on,
    updated_at,
    landed_period_start
from {{ ref('stg_penalties') }}
