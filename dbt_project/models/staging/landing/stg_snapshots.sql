with

snapshot_feeds as (select sender_id, feed from {{ source('raw', 'config_sender_feeds') }} where is_snapshot),

batches as (
    select sender_id, feed, sequence, batch_id, received_at from {{ source('raw', 'ledger') }} where kind = 'batch'
)

select
    batches.sender_id,
    batches.feed,
    batches.sequence as ledger_sequence,
    batches.batch_id,
    batches.received_at,
    lead(batches.received_at) over (partition by batches.sender_id, batches.feed order by batches.sequence) as ended_at,
    cast(
        lead(batches.received_at) over (partition by batches.sender_id, batches.feed order by batches.sequence) as date
    ) as ended_on
from batches
inner join snapshot_feeds using (sender_id, feed)
