with

campaign as (select clock from {{ ref('dim_campaign') }}),

periods as (select period_start, due_at, is_complete from {{ ref('dim_period') }} where is_begun),

senders as (select sender_id, sender_kind, name_zh from {{ ref('dim_sender') }}),

expected as (select sender_id, feed from {{ ref('dim_sender_feed') }} where is_due_every_period),

-- Received: a batch of the period, of a rest or xapi sender a pull of its whole window; a file is always whole. A pull
-- that brings the payload of an earlier batch again says that batch's id.
received as (
    select
        period_start,
        sender_id,
        feed,
        batch_id,
        min(received_at) as first_received_at,
        max(received_at) as last_received_at,
        max(rows_count) as rows_count,
        max(quarantined_rows_count) as quarantined_rows_count
    from {{ ref('fct_delivery') }}
    where is_whole
    group by all
),

versions as (
    select
        period_start,
        sender_id,
        feed,
        min(first_received_at) as first_received_at,
        max(last_received_at) as last_received_at,
        count(*) as versions_count,
        sum(rows_count) as rows_count,
        sum(quarantined_rows_count) as quarantined_rows_count
    from received
    group by all
),

judged as (
    select
        periods.period_start,
        expected.sender_id,
        expected.feed,
        periods.due_at,
        periods.is_complete,
        versions.first_received_at,
        versions.last_received_at,
        coalesce(versions.versions_count, 0) as versions_count,
        coalesce(versions.rows_count, 0) as rows_count,
        coalesce(versions.quarantined_rows_count, 0) as quarantined_rows_count,
        {{ microseconds_between('periods.due_at', 'coalesce(versions.first_received_at, campaign.clock)') }}
            as microseconds_after_due,
        case
            when versions.first_received_at is null and campaign.clock < periods.due_at then 'not_due'
            when versions.first_received_at is null then 'missing'
            when coalesce(versions.rows_count, 0) + coalesce(versions.quarantined_rows_count, 0) = 0 then 'empty'
            when versions.first_received_at <= periods.due_at then 'on_time'
            else 'late'
        end as status
    from periods
    cross join expected
    cross join campaign
    left join versions using (period_start, sender_id, feed)
)

select
    judged.period_start,
    judged.sender_id,
    senders.name_zh as sender_name_zh,
    senders.sender_kind,
    judged.feed,
    {{ label_zh('feed', 'judged.feed') }} as feed_name_zh,
    judged.due_at,
    judged.first_received_at,
    judged.last_received_at,
    cast(judged.versions_count as bigint) as versions_count,
    cast(judged.rows_count as bigint) as rows_count,
    cast(judged.quarantined_rows_count as bigint) as quarantined_rows_count,
    judged.status,
    {{ label_zh('timeliness', 'judged.status') }} as status_name_zh,
    cast(ceil(judged.microseconds_after_due / 86400000000.0) as bigint) as days_late,
    judged.is_complete
from judged
left join senders on judged.sender_id = senders.sender_id
