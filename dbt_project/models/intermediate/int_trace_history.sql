{{ config(materialized='table') }}

with

certificates as (select * from {{ ref('stg_certificate_history') }}),

learning as (
    select
        *,
        is_only_state and status = 'active' and ended_at is null as is_settled
    from {{ ref('stg_learning_history') }}
),

-- The first of a kind completes a registration, and only one with a certificate: of what never changes, a trace that came
-- no sooner than one as early decides nothing, whatever moment is asked for
settled as (
    select
        *,
        min(started_at) over (
            partition by registration_sk, kind
            order by known_from, started_at, record_id
            rows between unbounded preceding and 1 preceding
        ) as earliest_before
    from learning
    where is_settled and registration_sk in (select registration_sk from certificates)
),

decisive as (
    select
        registration_sk, kind, platform_id, record_id, started_at, status, earliest_at, is_only_state,
        first_known_at, known_from, known_to, ended_at
    from learning
    where not is_settled

    union all

    select
        registration_sk, kind, platform_id, record_id, started_at, status, earliest_at, is_only_state,
        first_known_at, known_from, known_to, ended_at
    from settled
    where earliest_before is null or started_at < earliest_before
)

select
    registration_sk, kind, platform_id, record_id as trace_key, started_at as happened_at,
    status <> 'active' as is_void, earliest_at, is_only_state, first_known_at, known_from, known_to, ended_at
from decisive

union all

select
    registration_sk, 'certificate', platform_id, 'certificate ' || certificate_no, issued_at,
    revoked_at is not null, earliest_at, is_only_state, first_known_at, known_from, known_to, ended_at
from certificates
