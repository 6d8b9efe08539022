with

comparisons as (select * from {{ ref('fct_known_comparison') }}),

affected as (select * from {{ ref('fct_affected_registration') }}),

traces as (select * from {{ ref('int_trace_history') }}),

-- Whatever state of a trace names the registration: a correction may have moved it
touched_traces as (
    select affected.comparison_id, traces.platform_id, traces.trace_key, max(affected.last_step) as last_step
    from affected
    inner join traces on affected.registration_sk = traces.registration_sk
    where not traces.is_only_state
    group by affected.comparison_id, traces.platform_id, traces.trace_key
),

steps as (
    select comparisons.*, affected.registration_sk, {{ each_step('affected.last_step') }} as step_number
    from affected
    inner join comparisons on affected.comparison_id = comparisons.comparison_id
),

trace_steps as (
    select comparisons.*, touched.platform_id, touched.trace_key, {{ each_step('touched.last_step') }} as step_number
    from touched_traces as touched
    inner join comparisons on touched.comparison_id = comparisons.comparison_id
),

hybrid_traces as (
    -- Nearly all: sent once, they come and may end, and that is all
    select
        steps.comparison_id,
        steps.step_number,
        {{ moment_of_step('late_arrival', 'clock_from', 'clock_to') }} as clock,
        traces.registration_sk,
        traces.kind,
        traces.happened_at
    from steps
    inner join traces on steps.registration_sk = traces.registration_sk
    where traces.is_only_state
        and not traces.is_void
        and traces.known_from <= steps.to_at
        and {{ had_come('traces') }}
        and not {{ had_ended('traces.ended_at') }}

    union all

    select
        steps.comparison_id,
        steps.step_number,
        {{ moment_of_step('late_arrival', 'clock_from', 'clock_to') }} as clock,
        {{ from_step('correction', 'registration_sk') }} as registration_sk,
        {{ from_step('correction', 'kind') }} as kind,
        {{ from_step('correction', 'happened_at') }} as happened_at
    from trace_steps as steps
    inner join traces as earlier
        on steps.platform_id = earlier.platform_id
        and steps.trace_key = earlier.trace_key
        and {{ is_known_before('earlier') }}
    inner join traces as later
        on steps.platform_id = later.platform_id
        and steps.trace_key = later.trace_key
        and {{ is_known_after('later') }}
    where {{ had_come() }} and not {{ had_ended() }} and not {{ from_step('cancellation', 'is_void') }}
),

firsts as (
    select
        comparison_id,
        step_number,
        registration_sk,
        any_value(clock) as clock,
        min(happened_at) filter (where kind = 'sign_in') as first_sign_in_at,
        min(happened_at) filter (where kind = 'test') as first_test_at,
        min(happened_at) filter (where kind = 'certificate') as first_certificate_at,
        {{ list_of('cast(happened_at as date)', "kind = 'certificate' and happened_at <= clock") }} as certificate_days
    from hybrid_traces
    group by comparison_id, step_number, registration_sk
),

completions as (
    select
        comparison_id,
        step_number,
        registration_sk,
        clock,
        certificate_days,
        case
            when first_sign_in_at is not null and first_test_at is not null and first_certificate_at is not null
                then greatest(first_sign_in_at, first_test_at, first_certificate_at)
        end as completed_at
    from firsts
)

select
    comparison_id,
    step_number,
    registration_sk,
    case when completed_at <= clock then cast(completed_at as date) end as completed_on,
    certificate_days
from completions
where certificate_days is not null or completed_at <= clock
