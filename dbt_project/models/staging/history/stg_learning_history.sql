{#- Study itself is no indicator: only what completes a registration -#}
{{ state_history(
    'learning_records', ['record_id'], ['registration_sk', 'kind', 'status', 'started_at'],
    moment='started_at', keys_where="kind in ('sign_in', 'test')"
) }}

select
    sender_id as platform_id, record_id, registration_sk, kind, started_at, coalesce(status, 'active') as status,
    earliest_at, is_only_state, first_known_at, known_from, known_to, ended_at
from history
