{{ newest_state('penalties', ['penalty_id']) }}

select
    -- keys
    sender_id as province_code,
    penalty_id,
    subject_kind,
    subject_id,
    person_sk,
    person_key,
    region_code,

    -- what was decided
    reason,
    decided_on,
    updated_at,

    -- where it came from
    _batch_id as batch_id,
    _ledger_sequence as ledger_sequence,
    _position as position,
    _period_start as landed_period_start,
    ended_on
from newest
