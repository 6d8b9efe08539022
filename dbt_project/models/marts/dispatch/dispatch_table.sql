with

campaign as (select clock from {{ ref('dim_campaign') }}),

periods as (select period_start, as_at, is_complete from {{ ref('dim_period') }} where is_begun),

days as (select day, period_start from {{ ref('dim_day') }}),

provinces as (
    select province_code, province_name_zh
    from {{ ref('dim_province') }}
    where has_bureau or province_code in ({{ nation() }}, '990000')
),

indicators as (select indicator_code, name_zh, unit, is_stock, sort_order from {{ ref('dim_indicator') }} where is_recorded),

counted as (
    select registrations.*, campaign.clock
    from {{ ref('fct_registration') }} as registrations
    cross join campaign
    where registrations.is_counted and registrations.registered_at <= campaign.clock
),

-- Each counted registration for itself, and once more for each group declared or confirmed
registered as (
    select '' as group_suffix, period_start, province_code, person_sk
    from counted
    union all
    select '_' || memberships.group_code, counted.period_start, counted.province_code, counted.person_sk
    from {{ ref('fct_registration_group') }} as memberships
    inner join counted on memberships.registration_sk = counted.registration_sk
),

paid as (
    select
        payments.scheme,
        days.period_start,
        payments.province_code,
        payments.amount_cny,
        case when payments.payee_kind = 'person' then payments.person_sk end as person_sk,
        dense_rank() over (order by payments.province_code, payments.project_id) as project_rank,
        payments.project_id
    from {{ ref('fct_subsidy_payment') }} as payments
    inner join days on payments.paid_on = days.day
),

{{ dispatch_sums('counted', 'registered', 'paid') }},

{{ dispatch_subjects('registered', 'paid') }},

{{ dispatch_stocks('periods') }},

-- this_period, and what it adds to the cumulative value: less than itself where someone was there before
series as (
    select kind || group_suffix as indicator_code, period_start, province_code, this_period, this_period as added
    from summed
    union all
    select kind || group_suffix, period_start, province_code, this_period, coalesce(newcomers, 0)
    from present
    left join newcomers using (kind, group_suffix, period_start, province_code)
),

standing as (
    select
        periods.*,
        provinces.*,
        indicators.*,
        coalesce(series.this_period, 0) as this_period,
        coalesce(sum(series.added) over to_date, 0) as added_to_date,
        coalesce(stocks.stock, 0) as stock,
        coalesce(lag(stocks.stock) over to_date, 0) as stock_before
    from periods
    cross join provinces
    cross join indicators
    left join series using (indicator_code, period_start, province_code)
    left join stocks using (indicator_code, period_start, province_code)
    window to_date as (
        partition by provinces.province_code, indicators.indicator_code order by periods.period_start
    )
)

select
    period_start,
    province_code,
    province_name_zh,
    indicator_code,
    name_zh as indicator_name_zh,
    unit,
    sort_order,
    {{ row_kind('province_code') }} as row_kind,
    as_at,
    is_complete,
    cast(case when is_stock then stock - stock_before else this_period end as decimal(18, 2)) as this_period,
    cast(case when is_stock then stock else added_to_date end as decimal(18, 2)) as cumulative
from standing
