select
    sender_id,
    feed,
    connector,
    is_snapshot,
    is_due_every_period
from {{ source('raw', 'config_sender_feeds') }}
