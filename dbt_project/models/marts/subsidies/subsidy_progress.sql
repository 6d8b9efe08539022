{%- set payment_kinds = ['claimed', 'approved', 'rejected', 'paid', 'recovered'] -%}
{%- set kinds = ['entitled'] + payment_kinds -%}
with

campaign as (select first_day from {{ ref('dim_campaign') }}),

periods as (select period_start, is_complete from {{ ref('dim_period') }} where is_begun),

days as (select day, period_start from {{ ref('dim_day') }}),

provinces as (select province_code, province_name_zh from {{ ref('dim_province') }}),

entitlements as (
    select province_code, scheme, fund, person_sk, event_date, entitled_amount_cny
    from {{ ref('subsidy_entitlement') }}
    where is_entitled
),

{{ claims_through_their_days() }},

-- What begins to stand open and, once it is settled, ends: `unpaid` in CNY, `overdue` in claims
open_items as (
    select 'unpaid' as kind, approved_on as begins_on, settled_on, amount_cny as quantity, province_code, scheme, fund
    from payments
    union all
    select 'overdue', overdue_on, settled_on, 1, province_code, scheme, fund
    from payments
),

events as (
    select 'entitled' as kind, event_date as day, province_code, scheme, fund, entitled_amount_cny as quantity,
        person_sk, null as days_claim_to_paid, false as is_wrong_fund, false as is_unmatched
    from entitlements
    {%- for kind in payment_kinds %}
    union all
    select '{{ kind }}', {{ kind }}_on, province_code, scheme, fund, amount_cny,
        payee_person_sk, days_claim_to_paid, is_wrong_fund, is_unmatched
    from payments
    where {{ kind }}_on is not null
    {%- endfor %}
    {%- for day, sign in [('begins_on', ''), ('settled_on', '-')] %}
    union all
    -- Days before the calendar stand in its first period; those after the clock in none yet
    select open_items.kind, greatest(open_items.{{ day }}, campaign.first_day), province_code, scheme, fund,
        {{ sign }}open_items.quantity, null, null, false, false
    from open_items
    cross join campaign
    where open_items.{{ day }} is not null
        and (open_items.settled_on is null or open_items.begins_on < open_items.settled_on)
    {%- endfor %}
),

dated as (
    select events.*, days.period_start
    from events
    inner join days on events.day = days.day
),

{{ persons_by_kind('dated', kinds) }},

happened as (
    select
        period_start,
        {{ province_or_nation() }} as province_code,
        scheme,
        fund,
        {%- for kind in kinds %}
        count(*) filter (where kind = '{{ kind }}') as {{ kind }}_count,
        sum(quantity) filter (where kind = '{{ kind }}') as {{ kind }}_amount_cny,
        {%- endfor %}
        median(days_claim_to_paid) filter (where kind = 'paid') as median_days_claim_to_paid,
        sum(quantity) filter (where kind = 'paid' and is_wrong_fund) as wrong_fund_amount_cny,
        sum(quantity) filter (where kind = 'paid' and is_unmatched) as unmatched_amount_cny,
        sum(quantity) filter (where kind = 'unpaid') as unpaid_change,
        sum(quantity) filter (where kind = 'overdue') as overdue_change
    from dated
    group by period_start, scheme, fund, cube (province_code)
),

standing as (
    select
        keys.*,
        periods.period_start,
        periods.is_complete,
        {%- for kind in kinds %}
        coalesce(persons_by_kind.{{ kind }}_persons, 0) as {{ kind }}_persons,
        coalesce(happened.{{ kind }}_count, 0) as {{ kind }}_count,
        coalesce(happened.{{ kind }}_amount_cny, 0) as {{ kind }}_amount_cny,
        {%- endfor %}
        happened.median_days_claim_to_paid,
        coalesce(happened.wrong_fund_amount_cny, 0) as wrong_fund_amount_cny,
        coalesce(happened.unmatched_amount_cny, 0) as unmatched_amount_cny,
        sum(coalesce(happened.unpaid_change, 0)) over to_date as unpaid_amount_cny,
        sum(coalesce(happened.overdue_change, 0)) over to_date as overdue_claims_count
    from periods
    cross join (select distinct province_code, scheme, fund from happened) as keys
    left join happened using (period_start, province_code, scheme, fund)
    left join persons_by_kind using (period_start, province_code, scheme, fund)
    window to_date as (
        partition by keys.province_code, keys.scheme, keys.fund order by periods.period_start rows unbounded preceding
    )
)

select
    standing.period_start,
    standing.province_code,
    provinces.province_name_zh,
    standing.scheme,
    {{ label_zh('scheme', 'standing.scheme') }} as scheme_name_zh,
    standing.fund,
    {{ label_zh('fund', 'standing.fund') }} as fund_name_zh,
    {{ row_kind('standing.province_code') }} as row_kind,
    standing.is_complete,
    {%- for kind in kinds %}
    standing.{{ kind }}_persons,
    standing.{{ kind }}_count,
    cast(standing.{{ kind }}_amount_cny as decimal(18, 2)) as {{ kind }}_amount_cny,
    {%- endfor %}
    cast(standing.unpaid_amount_cny as decimal(18, 2)) as unpaid_amount_cny,
    standing.median_days_claim_to_paid,
    cast(standing.overdue_claims_count as bigint) as overdue_claims_count,
    cast(standing.wrong_fund_amount_cny as decimal(18, 2)) as wrong_fund_amount_cny,
    cast(standing.unmatched_amount_cny as decimal(18, 2)) as unmatched_amount_cny
from standing
left join provinces on standing.province_code = provinces.province_code
where standing.{{ kinds | join('_count + standing.') }}_count > 0
    or standing.unpaid_amount_cny <> 0
    or standing.overdue_claims_count > 0
