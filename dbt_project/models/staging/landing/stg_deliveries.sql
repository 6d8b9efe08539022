with

entries as (
    select * from {{ source('raw', 'ledger') }} where kind in ('batch', 'pull')
),

periods as (select * from {{ source('raw', 'ledger_periods') }})

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
    coalesce(periods.rows_count, 0) as rows_count,
    coalesce(periods.quarantined_rows_count, 0) as quarantined_rows_count
from entries
left join periods
    on entries.sender_id = periods.sender_id
    and entries.sequence = periods.sequence
where coalesce(periods.period_start, entries.period_start) is not null
