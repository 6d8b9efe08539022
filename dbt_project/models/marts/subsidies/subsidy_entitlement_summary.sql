with

entitlements as (select * from {{ ref('subsidy_entitlement') }}),

days as (select day, period_start from {{ ref('dim_day') }}),

provinces as (select province_code, province_name_zh from {{ ref('dim_province') }}),

-- A decision counts under each of its reasons; one without any under `none`
reasoned as (
    select
        days.period_start,
        entitlements.province_code,
        entitlements.scheme,
        entitlements.person_sk,
        entitlements.is_entitled,
        entitlements.entitled_amount_cny,
        {{ each_element("case when len(entitlements.reasons) = 0 then ['none'] else entitlements.reasons end") }} as reason
    from entitlements
    inner join days on entitlements.event_date = days.day
),

summed as (
    select
        period_start,
        {{ province_or_nation('province_code') }} as province_code,
        scheme,
        reason,
        count(*) as decisions_count,
        count(distinct person_sk) as decided_persons,
        count(*) filter (where is_entitled) as entitled_count,
        coalesce(sum(entitled_amount_cny), 0) as entitled_amount_cny
    from reasoned
    group by period_start, scheme, reason, cube (province_code)
)

select
    summed.period_start,
    summed.province_code,
    provinces.province_name_zh,
    summed.scheme,
    {{ label_zh('scheme', 'summed.scheme') }} as scheme_name_zh,
    summed.reason,
    {{ row_kind('summed.province_code') }} as row_kind,
    summed.decisions_count,
    summed.decided_persons,
    summed.entitled_count,
    cast(summed.entitled_amount_cny as decimal(18, 2)) as entitled_amount_cny
from summed
left join provinces on summed.province_code = provinces.province_code
