{{ newest_state('certificates', ['certificate_no']) }}

select
    -- keys
    sender_id as platform_id,
    certificate_no,
    registration_sk,
    registration_id,

    -- what it attests
    class_hours,
    cost_cny,
    score,

    -- when
    issued_at,
    least(revoked_at, cast(ended_on as timestamp)) as revoked_at,
    updated_at,

    -- where it came from
    _batch_id as batch_id,
    _ledger_sequence as ledger_sequence,
    _position as position,
    _period_start as landed_period_start,
    ended_on
from newest
