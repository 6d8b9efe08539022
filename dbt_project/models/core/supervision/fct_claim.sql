select
    payments.sender_id,
    payments.payment_id,
    payments.scheme,
    payments.status,
    payments.amount_cny,
    payments.claimed_on,
    payments.rejected_on,
    payments.paid_on,
    payments.is_wrong_fund,
    payments.person_sk,
    payments.person_key,
    payments.payee_uscc,
    matches.is_matched,
    matches.project_id,
    matches.registration_sk,
    registrations.platform_id,
    registrations.course_occupation_code as occupation_code,
    registrations.course_grade
from {{ ref('fct_subsidy_payment') }} as payments
inner join {{ ref('fct_payment_match') }} as matches
    on payments.sender_id = matches.sender_id
    and payments.payment_id = matches.payment_id
left join {{ ref('fct_registration') }} as registrations on matches.registration_sk = registrations.registration_sk
