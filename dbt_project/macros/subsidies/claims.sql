{# CTE `payments`: each claim with the days on which it begins and ends to be waited for, and whether it is matched. #}
{% macro claims_through_their_days() %}
payments as (
    select
        payments.*,
        -- A body's claim names nobody
        case when payments.payee_kind = 'person' then payments.person_sk end as payee_person_sk,
        {{ days_from_to('payments.claimed_on', 'payments.paid_on') }} as days_claim_to_paid,
        not coalesce(matches.is_matched, false) as is_unmatched,
        deadlines.overdue_on,
        -- From this day on a claim neither waits nor is owed; a state without a day of its own takes the next best
        case payments.status
            when 'rejected' then coalesce(payments.rejected_on, payments.claimed_on)
            when 'paid' then payments.paid_on
            when 'recovered' then coalesce(payments.paid_on, payments.recovered_on, payments.approved_on, payments.claimed_on)
        end as settled_on
    from {{ ref('fct_subsidy_payment') }} as payments
    left join {{ ref('fct_payment_match') }} as matches
        on payments.sender_id = matches.sender_id
        and payments.payment_id = matches.payment_id
    left join {{ ref('fct_claim_deadline') }} as deadlines
        on payments.sender_id = deadlines.sender_id
        and payments.payment_id = deadlines.payment_id
)
{% endmacro %}
