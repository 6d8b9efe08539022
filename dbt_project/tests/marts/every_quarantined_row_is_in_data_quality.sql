-- A refused row can't get lost between quarantine and its readers.
with

refused as (
    select sender_id, feed, reason, count(*) as rows_count
    from (select distinct sender_id, feed, reason, batch_id, position from {{ ref('fct_quarantined_row') }})
    group by sender_id, feed, reason
),

shown as (
    select sender_id, feed, reason, sum(rows_count) as rows_count
    from {{ ref('data_quality') }}
    where reason <> 'orphaned'
    group by sender_id, feed, reason
)

select
    coalesce(refused.sender_id, shown.sender_id) as sender_id,
    coalesce(refused.feed, shown.feed) as feed,
    coalesce(refused.reason, shown.reason) as reason,
    refused.rows_count as refused_rows_count,
    shown.rows_count as shown_rows_count
from refused
full outer join shown
    on refused.sender_id = shown.sender_id
    and refused.feed = shown.feed
    and refused.reason = shown.reason
where refused.rows_count is distinct from shown.rows_count
