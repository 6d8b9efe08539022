-- What stands unpaid, recomputed from each payment on each period's last day instead of from changes.
with

periods as (
    select period_start, least(period_end, campaign.clock_day) as day
    from {{ ref('dim_period') }}
    cross join {{ ref('dim_campaign') }} as campaign
    where is_begun
),

payments as (select * from {{ ref('fct_subsidy_payment') }}),

recomputed as (
    select
        periods.period_start,
        payments.province_code,
        payments.scheme,
        payments.fund,
        sum(payments.amount_cny) as unpaid_amount_cny
    from periods
    inner join payments
        on payments.approved_on <= periods.day
        and (payments.status = 'approved' or payments.paid_on > periods.day)
    group by periods.period_start, payments.province_code, payments.scheme, payments.fund
)

select
    progress.period_start,
    progress.province_code,
    progress.scheme,
    progress.fund,
    progress.unpaid_amount_cny,
    recomputed.unpaid_amount_cny as recomputed_amount_cny
from {{ ref('subsidy_progress') }} as progress
full outer join recomputed
    on progress.period_start = recomputed.period_start
    and progress.province_code = recomputed.province_code
    and progress.scheme = recomputed.scheme
    and progress.fund = recomputed.fund
where coalesce(progress.row_kind, 'detail') = 'detail'
    and coalesce(progress.unpaid_amount_cny, 0) <> coalesce(recomputed.unpaid_amount_cny, 0)
    -- Recovered without a day of payment: what was owed ended on another day than any payment's
    and not exists (
        select 1 from payments where status = 'recovered' and paid_on is null
    )
