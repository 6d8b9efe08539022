-- Wrong and unmatched money is part of what was paid, nobody is owed less than nothing, no claim is overdue twice.
select *
from {{ ref('subsidy_progress') }}
where wrong_fund_amount_cny > paid_amount_cny
    or unmatched_amount_cny > paid_amount_cny
    or unpaid_amount_cny < 0
    or overdue_claims_count < 0
    or paid_persons > paid_count
    or claimed_persons > claimed_count
