-- Every version, unlike stg_learning_records: what a sender has changed since is itself to be looked at
select
    sender_id as platform_id,
    record_id,
    registration_sk,
    kind,
    score,
    coalesce(status, 'active') as status,
    started_at,
    updated_at,
    _ledger_sequence as ledger_sequence,
    _position as position
from {{ source('raw', 'learning_records') }}
