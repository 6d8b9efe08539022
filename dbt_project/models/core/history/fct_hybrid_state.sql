with

comparisons as (select * from {{ ref('fct_known_comparison') }}),

campaign as (select first_day, last_day from {{ ref('dim_campaign') }}),

affected as (select * from {{ ref('fct_affected_registration') }}),

registrations as (select * from {{ ref('stg_registration_history') }}),

-- Nearly all: what only came later is the same before and after, and before it only was not there
late_only as (
    select
        affected.comparison_id,
        1 as step_number,
        affected.registration_sk,
        affected.last_step,
        states.platform_id,
        states.person_sk,
        states.declared_groups,
        states.registered_at,
        states.region_code,
        comparisons.clock_to as clock,
        comparisons.from_at as rule_moment,
        states.first_known_at <= comparisons.from_at and states.registered_at <= comparisons.clock_from as holds_before,
        states.status = 'active'
        and states.real_name_status = 'verified'
        and coalesce(states.ended_at > comparisons.from_at, true) as may_count
    from affected
    inner join comparisons on affected.comparison_id = comparisons.comparison_id
    inner join registrations as states
        on affected.registration_sk = states.registration_sk
        and {{ is_known_before('states') }}
        and states.known_from <= comparisons.to_at
    where affected.last_step = 1
),

steps as (
    select comparisons.*, affected.registration_sk, affected.last_step, {{ each_step('affected.last_step') }} as step_number
    from affected
    inner join comparisons on affected.comparison_id = comparisons.comparison_id
    where affected.last_step > 1
),

changed as (
    select
        steps.comparison_id,
        steps.step_number,
        steps.registration_sk,
        steps.last_step,
        earlier.platform_id,
        {{ from_step('correction', 'person_sk') }} as person_sk,
        {{ from_step('correction', 'declared_groups') }} as declared_groups,
        {{ from_step('correction', 'registered_at') }} as registered_at,
        {{ from_step('recoding', 'region_code') }} as region_code,
        {{ moment_of_step('late_arrival', 'clock_from', 'clock_to') }} as clock,
        {{ moment_of_step('rule') }} as rule_moment,
        false as holds_before,
        {{ had_come() }}
        and not {{ had_ended() }}
        and {{ from_step('cancellation', 'status') }} = 'active'
        and {{ from_step('verification', 'real_name_status') }} = 'verified' as may_count
    from steps
    inner join registrations as earlier
        on steps.registration_sk = earlier.registration_sk and {{ is_known_before('earlier') }}
    inner join registrations as later
        on steps.registration_sk = later.registration_sk and {{ is_known_after('later') }}
),

hybrids as (
    select * from late_only
    union all
    select * from changed
)

select
    hybrids.comparison_id,
    hybrids.step_number,
    hybrids.registration_sk,
    hybrids.last_step,
    hybrids.platform_id,
    hybrids.person_sk,
    hybrids.declared_groups,
    cast(hybrids.registered_at as date) as registered_on,
    hybrids.region_code,
    hybrids.rule_moment,
    hybrids.holds_before
from hybrids
inner join campaign on cast(hybrids.registered_at as date) between campaign.first_day and campaign.last_day
where hybrids.may_count
    and hybrids.registered_at <= hybrids.clock
