with

comparisons as (select * from {{ ref('fct_known_comparison') }}),

steps as ({{ steps_up_to_last() }}),

campaign as (select first_day, last_day from {{ ref('dim_campaign') }}),

affected as (select * from {{ ref('fct_affected_registration') }}),

registrations as (select * from {{ ref('stg_registration_history') }}),

hybrids as (
    select
        affected.comparison_id,
        steps.step_number,
        affected.registration_sk,
        affected.last_step,
        earlier.platform_id,
        {{ from_step('correction', 'person_sk') }} as person_sk,
        {{ from_step('correction', 'declared_groups') }} as declared_groups,
        {{ from_step('correction', 'registered_at') }} as registered_at,
        cast({{ from_step('correction', 'registered_at') }} as date) as registered_on,
        {{ from_step('recoding', 'region_code') }} as region_code,
        {{ moment_of_step('late_arrival', 'clock_from', 'clock_to') }} as clock,
        {{ moment_of_step('rule') }} as rule_moment,
        {{ had_come() }}
        and not {{ had_ended() }}
        and {{ from_step('cancellation', 'status') }} = 'active'
        and {{ from_step('verification', 'real_name_status') }} = 'verified' as may_count
    from affected
    inner join comparisons on affected.comparison_id = comparisons.comparison_id
    inner join registrations as earlier
        on affected.registration_sk = earlier.registration_sk and {{ is_known_before('earlier') }}
    inner join registrations as later
        on affected.registration_sk = later.registration_sk and {{ is_known_after('later') }}
    inner join steps on affected.last_step = steps.last_step
)

select
    hybrids.comparison_id,
    hybrids.step_number,
    hybrids.registration_sk,
    cast(hybrids.last_step as integer) as last_step,
    hybrids.platform_id,
    hybrids.person_sk,
    hybrids.declared_groups,
    hybrids.registered_on,
    hybrids.region_code,
    hybrids.rule_moment
from hybrids
cross join campaign
where hybrids.may_count
    and hybrids.registered_on between campaign.first_day and campaign.last_day
    and hybrids.registered_at <= hybrids.clock
