{#- A version filed twice: the later batch replaces the earlier one, whatever either says of its filing time. -#}
{{ newest_state('dispatch_reports', ['period_start', 'version', 'indicator_code'], version=none) }}

select
    -- keys
    sender_id as province_code,
    period_start,
    version,
    indicator_code,

    -- what was reported
    region_code,
    this_period,
    cumulative,
    filed_at,

    -- where it came from
    _batch_id as batch_id,
    _ledger_sequence as ledger_sequence,
    _position as position,
    _period_start as landed_period_start,
    ended_on
from newest
