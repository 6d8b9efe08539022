with

entries as (
    select * from {{ source('raw', 'ledger') }} where kind in ('batch', 'pull')
),

periods as (select * from {{ source('raw', 'ledger_periods') }}),

-- The same payload is one batch. Landed anew, by a replay or under another pseudonym key, it came when it first came, and
-- the newest stands for all: the others count as received, their rows do not
payloads as (
    select
        batch_id,
        last_value(batch_id) over of_payload as standing_batch_id,
        first_value(received_at) over of_payload as first_received_at
    from {{ source('raw', 'ledger') }}
    where kind = 'batch'
    window of_payload as (
        partition by sender_id, feed, period_start, coalesce(payload_sha256, batch_id)
        order by sequence
        rows between unbounded preceding and unbounded following
    )
)

select
    entries.sender_id,
    entries.feed,
    coalesce(periods.period_start, entries.period_start) as period_start,
    entries.sequence as ledger_sequence,
    coalesce(payloads.standing_batch_id, entries.batch_id) as batch_id,
    entries.kind,
    case when entries.kind = 'batch' then payloads.first_received_at else entries.received_at end as received_at,
    entries.began_at,
    entries.window_from,
    entries.window_to,
    entries.is_whole,
    entries.source_name,
    case when payloads.standing_batch_id <> entries.batch_id then 0 else coalesce(periods.rows_count, 0) end
        as rows_count,
    case when payloads.standing_batch_id <> entries.batch_id then 0 else coalesce(periods.quarantined_rows_count, 0) end
        as quarantined_rows_count
from entries
left join periods
    on entries.sender_id = periods.sender_id
    and entries.sequence = periods.sequence
left join payloads on entries.batch_id = payloads.batch_id
where coalesce(periods.period_start, entries.period_start) is not null
