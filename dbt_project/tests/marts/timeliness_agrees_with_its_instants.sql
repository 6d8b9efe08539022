-- The status says what the instants say, and every feed that is due has its row in every period begun.
with

expected as (
    select periods.period_start, feeds.sender_id, feeds.feed
    from {{ ref('dim_period') }} as periods
    cross join {{ ref('dim_sender_feed') }} as feeds
    where periods.is_begun and feeds.is_due_every_period
)

select timeliness.period_start, timeliness.sender_id, timeliness.feed, timeliness.status
from {{ ref('reporting_timeliness') }} as timeliness
where (status in ('on_time', 'late', 'empty')) <> (first_received_at is not null)
    or (status = 'on_time' and (first_received_at > due_at or days_late > 0))
    or (status = 'late' and (first_received_at <= due_at or days_late < 1))
    or (versions_count = 0) <> (first_received_at is null)
    or last_received_at < first_received_at

union all

select expected.period_start, expected.sender_id, expected.feed, null
from expected
left join {{ ref('reporting_timeliness') }} as timeliness
    on expected.period_start = timeliness.period_start
    and expected.sender_id = timeliness.sender_id
    and expected.feed = timeliness.feed
where timeliness.period_start is null
