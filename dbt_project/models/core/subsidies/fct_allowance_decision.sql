with

days as (select * from {{ ref('fct_study_day_credit') }}),

registrations as (
    select registration_sk, platform_id, registration_id, person_sk, province_code
    from {{ ref('fct_registration') }}
    where is_counted
),

-- Whoever stood on an eligible roster on at least one study day
persons as (select distinct person_sk from days where is_on_roster),

by_registration as (
    select
        registration_sk,
        min_by(rule_id, day) filter (where is_credited) as credited_rule_id,
        min_by(fund, day) filter (where is_credited) as credited_fund,
        max(day) filter (where is_credited) as last_credited_day,
        min_by(rule_id, day) filter (where is_earned) as earned_rule_id,
        min_by(fund, day) filter (where is_earned) as earned_fund,
        max(day) filter (where is_earned) as last_earned_day,
        coalesce(bool_or(is_earned), false) as is_earned,
        coalesce(bool_or(is_earned and not is_credited), false) as is_day_capped,
        coalesce(bool_or(is_credited and credited_amount_cny < full_amount_cny), false) as is_capped,
        coalesce(bool_or(rule_id is not null), false) as has_rule,
        coalesce(bool_or(rule_id is not null and is_eligible), false) as is_eligible,
        coalesce(bool_or(rule_id is not null and is_long_enough), false) as is_long_enough,
        sum(credited_amount_cny) as credited_amount_cny
    from days
    group by registration_sk
),

decided as (
    select
        registrations.*,
        by_registration.registration_sk is not null as has_days,
        coalesce(by_registration.is_earned, false) as is_entitled,
        coalesce(by_registration.credited_rule_id, by_registration.earned_rule_id) as rule_id,
        coalesce(by_registration.credited_fund, by_registration.earned_fund) as fund,
        coalesce(by_registration.last_credited_day, by_registration.last_earned_day) as event_date,
        coalesce(by_registration.credited_amount_cny, 0) as entitled_amount_cny,
        coalesce(by_registration.is_day_capped, false) as is_day_capped,
        coalesce(by_registration.is_capped, false) as is_capped,
        coalesce(by_registration.has_rule, false) as has_rule,
        coalesce(by_registration.is_eligible, false) as is_eligible,
        coalesce(by_registration.is_long_enough, false) as is_long_enough
    from registrations
    inner join persons on registrations.person_sk = persons.person_sk
    left join by_registration on registrations.registration_sk = by_registration.registration_sk
)

select
    registration_sk,
    platform_id,
    registration_id,
    person_sk,
    province_code,
    event_date,
    rule_id,
    fund,
    is_entitled,
    cast(entitled_amount_cny as decimal(18, 2)) as entitled_amount_cny,
    list_filter([
        -- Of the days whose money would go to this registration: none long enough, none with a rule, none in the group;
        -- or some fail for the one and the rest for the other
        case
            when not is_entitled and (is_eligible or not is_long_enough) and (has_rule or not has_days) then 'hours_below_minimum'
        end,
        case when not is_entitled and has_days and not has_rule then 'no_rule' end,
        case when not is_entitled and has_rule and (is_long_enough or not is_eligible) then 'not_in_eligible_group' end,
        case when is_capped then 'cap_applied' end,
        case when is_day_capped then 'day_cap_applied' end
    ], lambda reason: reason is not null) as reasons
from decided
