with

entries as (
    select * from {{ source('raw', 'ledger') }} where kind in ('batch', 'pull')
),

periods as (select * from {{ source('raw', 'ledger_periods') }}),

-- A later batch of the same payload, from a replay, stands for this one: it counts as received, its rows do not
replayed as (
    select batch_id from {{ source('raw', 'ledger') }} where kind = 'batch'
    qualify payload_sha256 is not null
        and sequence < max(sequence) over (partition by sender_id, feed, period_start, payload_sha256)
)

select
    entries.sender_id,
    entries.feed,
    coalesce(periods.period_start, entries.period_start) as period_start,
    entries.sequence as ledger_sequence,
    entries.batch_id,
    entries.kind,
    entries.received_at,
    entries.began_at,
    entries.window_from,
    entries.window_to,
    entries.is_whole,
    entries.source_name,
    case when replayed.batch_id is null then coalesce(periods.rows_count, 0) else 0 end as rows_count,
    case when replayed.batch_id is null then coalesce(periods.quarantined_rows_count, 0) else 0 end
        as quarantined_rows_count
from entries
left join periods
    on entries.sender_id = periods.sender_id
    and entries.sequence = periods.sequence
left join replayed on entries.batch_id = replayed.batch_id
where coalesce(periods.period_start, entries.period_start) is not null
