{{ state_history(
    'subsidy_payments', ['payment_id'],
    ['scheme', 'payee_kind', 'person_sk', 'project_id', 'amount', 'status', 'paid_on'],
    moment='paid_on'
) }}

select
    sender_id as province_code, payment_id, scheme, payee_kind, person_sk, project_id, amount as amount_cny, status,
    paid_on, earliest_at, is_only_state, first_known_at, known_from, known_to, ended_at
from history
