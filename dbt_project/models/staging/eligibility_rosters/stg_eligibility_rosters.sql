{{ newest_state('eligibility_rosters', ['person_key', 'group_code', 'valid_from']) }}

select
    -- keys
    sender_id as province_code,
    person_sk,
    person_key,
    group_code,

    -- the person
    id_type,
    birth_year,
    sex,
    region_code,

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
