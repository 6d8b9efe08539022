{{ state_history('penalties', ['penalty_id'], ['decided_on'], moment='decided_on') }}

select
    sender_id as province_code, penalty_id, decided_on,
    earliest_at, is_only_state, first_known_at, known_from, known_to, ended_at
from history
