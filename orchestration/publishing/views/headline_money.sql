-- 补贴资金: the nation's subsidies by scheme and fund, period by period; each step counts on its own day.
select
    period_start,
    scheme_name_zh,
    fund_name_zh,
    entitled_amount_cny,
    claimed_amount_cny,
    approved_amount_cny,
    paid_amount_cny,
    recovered_amount_cny,
    unpaid_amount_cny,
    wrong_fund_amount_cny,
    unmatched_amount_cny,
    overdue_claims_count
from subsidy_progress
where province_code = '000000'
order by period_start, scheme, fund
