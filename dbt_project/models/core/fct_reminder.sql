select
    platform_id,
    reminder_id,
    registration_sk,
    sent_at,
    channel,
    updated_at,
    landed_period_start
from {{ ref('stg_reminders') }}
