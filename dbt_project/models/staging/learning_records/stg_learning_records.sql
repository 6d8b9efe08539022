{{ newest_state('learning_records', ['record_id']) }}

select
    -- keys
    sender_id as platform_id,
    record_id,
    registration_sk,
    registration_id,
    device_id,
    client_ip_key,

    -- what was done
    kind,
    score,
    face_check,
    case when ended_on is not null then 'voided' else coalesce(status, 'active') end as status,

    -- when
    started_at,
    ended_at,
    updated_at,

    -- where it came from
    _batch_id as batch_id,
    _ledger_sequence as ledger_sequence,
    _position as position,
    _period_start as landed_period_start,
    ended_on
from newest
