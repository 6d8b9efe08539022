{{ state_history(
    'eligibility_rosters', ['person_key', 'group_code', 'valid_from'], ['person_sk', 'valid_to'],
    moment='valid_from'
) }}

select
    sender_id as province_code, person_sk, group_code, valid_from, valid_to,
    earliest_at, is_only_state, first_known_at, known_from, known_to, ended_at
from history
