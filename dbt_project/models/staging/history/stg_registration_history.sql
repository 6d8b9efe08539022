{{ state_history(
    'registrations', ['registration_id'],
    ['registration_sk', 'person_sk', 'region_code', 'declared_groups', 'real_name_status', 'status', 'registered_at'],
    moment='registered_at'
) }}

select
    registration_sk, sender_id as platform_id, person_sk, region_code, declared_groups, real_name_status, status,
    registered_at, earliest_at, is_only_state, first_known_at, known_from, known_to, ended_at
from history
