{{ newest_state('subsidy_payments', ['payment_id']) }}

select
    -- keys
    sender_id as province_code,
    payment_id,
    person_sk,
    person_key,
    payee_uscc,
    certificate_no,
    project_id,
    region_code,

    -- what is paid
    scheme,
    fund,
    payee_kind,
    amount as amount_cny,
    status,

    -- when
    claimed_on,
    decided_on,
    paid_on,
    recovered_on,
    updated_at,

    -- where it came from
    _batch_id as batch_id,
    _ledger_sequence as ledger_sequence,
    _position as position,
    _period_start as landed_period_start,
    ended_on
from newest
