with

refused as (select batch_id, record_key from {{ source('raw', 'quarantine') }} where record_key is not null),

snapshots as (select * from {{ ref('stg_snapshots') }})

select distinct
    snapshots.sender_id,
    snapshots.feed,
    refused.record_key,
    snapshots.ledger_sequence,
    snapshots.snapshot_sequence,
    snapshots.received_at
from refused
inner join snapshots using (batch_id)
