with

deliveries as (select * from {{ ref('stg_deliveries') }}),

feeds as (select sender_id, feed, connector from {{ ref('dim_sender_feed') }})

select
    deliveries.sender_id,
    deliveries.feed,
    deliveries.period_start,
    deliveries.ledger_sequence,
    deliveries.batch_id,
    deliveries.kind,
    deliveries.received_at,
    deliveries.began_at,
    deliveries.is_whole,
    feeds.connector,
    deliveries.rows_count,
    deliveries.quarantined_rows_count
from deliveries
left join feeds
    on deliveries.sender_id = feeds.sender_id
    and deliveries.feed = feeds.feed
