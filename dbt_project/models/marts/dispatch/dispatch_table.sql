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

-- What adds up: over provinces, and over periods to what there is to date
sums as (
    select 'registrations' as kind, group_suffix, period_start, province_code, count(*) as quantity
    from registered
    group by group_suffix, period_start, province_code
    union all
    select 'completed', '', completed_period_start, province_code, count(*)
    from counted
    where completed_at <= clock
    group by completed_period_start, province_code
    union all
    select 'certificates', '', days.period_start, counted.province_code, count(*)
    from {{ ref('fct_certificate') }} as certificates
    inner join counted on certificates.registration_sk = counted.registration_sk
    inner join days on cast(certificates.issued_at as date) = days.day
    where not certificates.is_revoked and certificates.issued_at <= counted.clock
    group by days.period_start, counted.province_code
    union all
    select
        case scheme
            when 'training' then 'training_subsidy_amount_cny'
            when 'living_allowance' then 'living_allowance_amount_cny'
            when 'project_prepayment' then 'prepaid_amount_cny'
        end,
        '', period_start, province_code, sum(amount_cny)
    from paid
    where scheme in ('training', 'living_allowance', 'project_prepayment')
    group by scheme, period_start, province_code
    union all
    select 'penalties', '', days.period_start, penalties.province_code, count(*)
    from {{ ref('fct_penalty') }} as penalties
    inner join days on penalties.decided_on = days.day
    group by days.period_start, penalties.province_code
),

summed as (
    select kind, group_suffix, period_start, {{ province_or_nation() }} as province_code, sum(quantity) as this_period
    from sums
    group by kind, group_suffix, period_start, cube (province_code)
),

-- What is counted anew in every total: persons, projects
subjects as (
    select 'learners' as kind, group_suffix, period_start, province_code, person_sk as subject
    from registered
    union all
    select case scheme when 'training' then 'training_subsidy_persons' else 'living_allowance_persons' end,
        '', period_start, province_code, person_sk
    from paid
    where scheme in ('training', 'living_allowance') and person_sk is not null
    union all
    select 'prepaid_projects', '', period_start, province_code, project_rank
    from paid
    where scheme = 'project_prepayment' and project_id is not null
),

present as (
    select
        kind, group_suffix, period_start, {{ province_or_nation() }} as province_code,
        count(distinct subject) as this_period
    from subjects
    group by kind, group_suffix, period_start, cube (province_code)
),

first_appearances as (
    select kind, group_suffix, {{ province_or_nation() }} as province_code, min(period_start) as period_start
    from subjects
    group by kind, group_suffix, subject, cube (province_code)
),

newcomers as (
    select kind, group_suffix, period_start, province_code, count(*) as newcomers
    from first_appearances
    group by kind, group_suffix, period_start, province_code
),

-- What stands on a day: of platforms that the province selected, and of all for the nation
scopes as (
    select platform_id, {{ nation() }} as province_code, selected_from, selected_to from {{ ref('dim_platform') }}
    union all
    select platform_id, selected_by, selected_from, selected_to from {{ ref('dim_platform') }}
),

selected as (
    select periods.period_start, periods.as_at, scopes.province_code, scopes.platform_id
    from periods
    inner join scopes
        on periods.as_at >= scopes.selected_from
        and (scopes.selected_to is null or periods.as_at <= scopes.selected_to)
),

-- Open as for the occupations covered: general content is none of the courses that the table asks for
open_courses as (
    select
        selected.period_start,
        selected.province_code,
        case when courses.is_known_occupation then courses.occupation_code end as known_occupation_code
    from selected
    inner join {{ ref('dim_course') }} as courses
        on selected.platform_id = courses.platform_id
        and selected.as_at >= courses.open_from
        and (courses.open_to is null or selected.as_at <= courses.open_to)
    where courses.content_category <> 'general_content'
),

stocks as (
    select 'platforms_selected' as indicator_code, period_start, province_code, count(*) as stock
    from selected
    group by period_start, province_code
    union all
    select 'courses_open', period_start, province_code, count(*)
    from open_courses
    group by period_start, province_code
    union all
    select 'occupations_covered', period_start, province_code, count(distinct known_occupation_code)
    from open_courses
    group by period_start, province_code
),

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
