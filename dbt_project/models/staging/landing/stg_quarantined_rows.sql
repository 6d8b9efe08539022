select
    sender_id,
    feed,
    period_start,
    batch_id,
    payload_sha256,
    source_name,
    position,
    field,
    reason
from {{ source('raw', 'quarantine') }}
