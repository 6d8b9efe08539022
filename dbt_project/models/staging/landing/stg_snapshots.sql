with

snapshot_feeds as (select sender_id, feed from {{ source('raw', 'config_sender_feeds') }} where is_snapshot),

batches as (
    select
        sender_id,
        feed,
        sequence,
        batch_id,
        received_at,
        -- What a replay takes again, or a pull under another pseudonym key, is the same snapshot and keeps its place
        min(sequence) over (partition by sender_id, feed, period_start, payload_sha256) as snapshot_sequence
    from {{ source('raw', 'ledger') }}
    where kind = 'batch'
),

snapshots as (
    select
        sender_id,
        feed,
        snapshot_sequence,
        lead(received_at) over (partition by sender_id, feed order by snapshot_sequence) as ended_at
    from batches
    where sequence = snapshot_sequence
)

select
    batches.sender_id,
    batches.feed,
    batches.sequence as ledger_sequence,
    batches.snapshot_sequence,
    batches.batch_id,
    batches.received_at,
    snapshots.ended_at,
    cast(snapshots.ended_at as date) as ended_on
from batches
inner join snapshot_feeds using (sender_id, feed)
inner join snapshots using (sender_id, feed, snapshot_sequence)
