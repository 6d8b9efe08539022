{{ state_history('certificates', ['certificate_no'], ['registration_sk', 'issued_at', 'revoked_at'], moment='issued_at') }}

select
    sender_id as platform_id, certificate_no, registration_sk, issued_at, revoked_at,
    earliest_at, is_only_state, first_known_at, known_from, known_to, ended_at
from history
