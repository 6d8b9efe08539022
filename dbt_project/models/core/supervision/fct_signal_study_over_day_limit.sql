with

{{ supervision_parameters('study_over_day_limit', ['max_hours_per_day']) }},

registrations as (select registration_sk, person_sk, person_key from {{ ref('fct_registration') }}),

-- Only a day that passes the limit with overlaps counted twice can pass it with overlaps counted once
suspects as (
    select
        registrations.person_sk,
        days.day
    from {{ ref('fct_learning_day') }} as days
    inner join registrations on days.registration_sk = registrations.registration_sk
    group by registrations.person_sk, days.day
    having sum(days.study_seconds) > (select max_hours_per_day from parameters) * 3600
),

studied as (
    select
        suspects.person_sk,
        intervals.day,
        intervals.started_at,
        intervals.ended_at
    from suspects
    inner join registrations on suspects.person_sk = registrations.person_sk
    inner join {{ ref('fct_study_interval') }} as intervals
        on registrations.registration_sk = intervals.registration_sk
        and suspects.day = intervals.day
),

reached as (
    select
        *,
        {{ reached_before('person_sk, day') }} as reached_before
    from studied
),

over_limit as (
    select
        person_sk,
        day,
        min(started_at) as first_at,
        max(started_at) as last_at
    from reached
    where reached_before is null or ended_at > reached_before
    group by person_sk, day
    having
        sum({{ microseconds_between('greatest(started_at, coalesce(reached_before, started_at))', 'ended_at') }})
        > (select max_hours_per_day from parameters) * {{ hour_microseconds() }}
),

{{ cut_study_records() }},

evidence as (
    select
        cast(registrations.person_key as varchar) as subject_id,
        over_limit.first_at,
        over_limit.last_at,
        study.record_id as evidence_id,
        study.platform_id as sender_id,
        study.started_at as happened_at,
        over_limit.person_sk,
        cast(null as varchar) as platform_id,
        cast(null as varchar) as institution_uscc,
        false as is_withdrawn
    from over_limit
    inner join registrations on over_limit.person_sk = registrations.person_sk
    inner join study
        on registrations.registration_sk = study.registration_sk
        and study.started_at < cast({{ add_days('over_limit.day', 1) }} as timestamp)
        and study.ended_at > cast(over_limit.day as timestamp)
),

{{ claims_of_persons() }},

{{ signals('study_over_day_limit', 'person') }}
