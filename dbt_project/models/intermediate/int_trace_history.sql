select
    registration_sk, kind, platform_id, record_id as trace_key, started_at as happened_at,
    status <> 'active' as is_void, earliest_at, is_only_state, first_known_at, known_from, known_to, ended_at
from {{ ref('stg_learning_history') }}

union all

select
    registration_sk, 'certificate', platform_id, 'certificate ' || certificate_no, issued_at,
    revoked_at is not null, earliest_at, is_only_state, first_known_at, known_from, known_to, ended_at
from {{ ref('stg_certificate_history') }}
