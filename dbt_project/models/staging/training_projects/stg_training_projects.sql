{{ newest_state('training_projects', ['project_id']) }}

select
    -- keys
    sender_id as province_code,
    project_id,
    occupation_code,
    institution_uscc,
    enterprise_uscc,
    region_code,

    -- what it is
    name,
    kind,
    grade,
    affected_by_epidemic,
    planned_learners,
    planned_amount as planned_amount_cny,
    prepaid_share,

    -- when
    starts_on,
    least(ends_on, ended_on) as ends_on,
    updated_at,

    -- where it came from
    _batch_id as batch_id,
    _ledger_sequence as ledger_sequence,
    _position as position,
    _period_start as landed_period_start,
    ended_on
from newest
