select
    registration_sk,
    platform_id,
    record_id,
    kind,
    started_at,
    ended_at,
    score,
    device_id,
    client_ip_key,
    face_check,
    status = 'active' as is_active_record,
    updated_at,
    landed_period_start
from {{ ref('stg_learning_records') }}
