{{ newest_state('reminders', ['reminder_id']) }}

select
    sender_id as platform_id,
    reminder_id,
    registration_sk,
    registration_id,
    sent_at,
    channel,
    updated_at,
    _batch_id as batch_id,
    _ledger_sequence as ledger_sequence,
    _position as position,
    _period_start as landed_period_start,
    ended_on
from newest
