{{ newest_state('institutions', ['institution_uscc']) }}

select
    -- keys
    sender_id as province_code,
    institution_uscc,
    platform_id,
    region_code,

    -- what it is
    name,
    kind,

    -- when
    valid_from,
    least(valid_to, ended_on) as valid_to,
    updated_at,

    -- where it came from
    _batch_id as batch_id,
    _ledger_sequence as ledger_sequence,
    _position as position,
    _period_start as landed_period_start,
    ended_on
from newest
