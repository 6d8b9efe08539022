select
    sender_id,
    feed,
    period_start,
    batch_id,
    position,
    field,
    reason
from {{ ref('stg_quarantined_rows') }}
