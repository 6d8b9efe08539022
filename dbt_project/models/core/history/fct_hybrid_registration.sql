with

comparisons as (select * from {{ ref('fct_known_comparison') }}),

steps as (select step_number from {{ ref('dim_known_step') }}),

campaign as (select first_day, last_day from {{ ref('dim_campaign') }}),

affected as (select * from {{ ref('fct_affected_registration') }}),

registrations as (select * from {{ ref('stg_registration_history') }}),

traces as (select * from {{ ref('int_trace_history') }}),

platforms as (select * from {{ ref('stg_platform_history') }}),

regions as (select region_code, province_code, valid_from, valid_to from {{ ref('dim_region') }}),

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
    inner join steps on steps.step_number <= affected.last_step
),

-- Whatever state of a trace names the registration: a correction may have moved it
touched_traces as (
    select affected.comparison_id, traces.platform_id, traces.trace_key, max(affected.last_step) as last_step
    from affected
    inner join traces on affected.registration_sk = traces.registration_sk
    group by affected.comparison_id, traces.platform_id, traces.trace_key
),

hybrid_traces as (
    select
        comparisons.comparison_id,
        steps.step_number,
        {{ moment_of_step('late_arrival', 'clock_from', 'clock_to') }} as clock,
        {{ from_step('correction', 'registration_sk') }} as registration_sk,
        {{ from_step('correction', 'kind') }} as kind,
        {{ from_step('correction', 'happened_at') }} as happened_at
    from touched_traces
    inner join comparisons on touched_traces.comparison_id = comparisons.comparison_id
    inner join traces as earlier
        on touched_traces.platform_id = earlier.platform_id
        and touched_traces.trace_key = earlier.trace_key
        and {{ is_known_before('earlier') }}
    inner join traces as later
        on touched_traces.platform_id = later.platform_id
        and touched_traces.trace_key = later.trace_key
        and {{ is_known_after('later') }}
    inner join steps on steps.step_number <= touched_traces.last_step
    where {{ had_come() }} and not {{ had_ended() }} and not {{ from_step('cancellation', 'is_void') }}
),

completions as (
    select
        comparison_id,
        step_number,
        registration_sk,
        min(happened_at) filter (where kind = 'sign_in') as first_sign_in_at,
        min(happened_at) filter (where kind = 'test') as first_test_at,
        min(happened_at) filter (where kind = 'certificate') as first_certificate_at,
        {{ list_of('cast(happened_at as date)', "kind = 'certificate' and happened_at <= clock") }} as certificate_days
    from hybrid_traces
    group by comparison_id, step_number, registration_sk
)

select
    hybrids.comparison_id,
    hybrids.step_number,
    hybrids.registration_sk,
    hybrids.last_step,
    hybrids.person_sk,
    hybrids.declared_groups,
    hybrids.registered_on,
    case
        when {{ is_corps('hybrids.region_code') }} then '660000'
        else coalesce(regions.province_code, '990000')
    end as province_code,
    case
        when completions.first_sign_in_at is not null
            and completions.first_test_at is not null
            and completions.first_certificate_at is not null
            and greatest(completions.first_sign_in_at, completions.first_test_at, completions.first_certificate_at)
            <= hybrids.clock
            then cast(greatest(
                completions.first_sign_in_at, completions.first_test_at, completions.first_certificate_at
            ) as date)
    end as completed_on,
    completions.certificate_days
from hybrids
cross join campaign
inner join platforms
    on hybrids.platform_id = platforms.platform_id
    and platforms.known_from <= hybrids.rule_moment
    and platforms.known_to > hybrids.rule_moment
    and hybrids.registered_on between platforms.selected_from and coalesce(platforms.selected_to, hybrids.registered_on)
left join regions
    on hybrids.region_code = regions.region_code
    and (regions.valid_from is null or hybrids.registered_on >= regions.valid_from)
    and (regions.valid_to is null or hybrids.registered_on <= regions.valid_to)
left join completions
    on hybrids.comparison_id = completions.comparison_id
    and hybrids.step_number = completions.step_number
    and hybrids.registration_sk = completions.registration_sk
where hybrids.may_count
    and hybrids.registered_on between campaign.first_day and campaign.last_day
    and hybrids.registered_at <= hybrids.clock
