with

{{ supervision_parameters('concurrent_sessions', ['min_overlap_minutes']) }},

registrations as (select registration_sk, person_sk, person_key from {{ ref('fct_registration') }}),

-- Read slim, once for the day on which a record starts and once for the few that run over a midnight
touched as (
    select
        registrations.person_sk,
        cast(records.started_at as date) as day,
        records.platform_id,
        records.device_id
    from {{ ref('fct_learning_record') }} as records
    inner join registrations on records.registration_sk = registrations.registration_sk
    where records.is_active_record and records.kind = 'study' and records.ended_at > records.started_at

    union all

    select
        registrations.person_sk,
        {{ each_day(add_days('cast(records.started_at as date)', 1), 'cast(records.ended_at as date)') }} as day,
        records.platform_id,
        records.device_id
    from {{ ref('fct_learning_record') }} as records
    inner join registrations on records.registration_sk = registrations.registration_sk
    where
        records.is_active_record
        and records.kind = 'study'
        and records.ended_at > records.started_at
        and cast(records.started_at as date) <> cast(records.ended_at as date)
),

-- Two at once need a day with two, which few days have
suspects as (
    select person_sk, day
    from touched
    group by person_sk, day
    having min(platform_id) <> max(platform_id) or min(device_id) <> max(device_id)
),

{{ cut_study_records() }},

candidates as (
    select distinct
        registrations.person_sk,
        registrations.person_key,
        study.platform_id,
        study.record_id,
        study.device_id,
        study.started_at,
        study.ended_at
    from study
    inner join registrations on study.registration_sk = registrations.registration_sk
    inner join suspects
        on registrations.person_sk = suspects.person_sk
        and suspects.day between cast(study.started_at as date) and cast(study.ended_at as date)
),

-- A record without a device tells of its platform alone
seats as (
    select person_sk, 'platform' as seat_kind, platform_id as seat, started_at, ended_at from candidates
    union all
    select person_sk, 'device', device_id, started_at, ended_at from candidates where device_id is not null
),

reached as (
    select
        *,
        max(ended_at) over (
            partition by person_sk, seat_kind, seat order by started_at, ended_at
            rows between unbounded preceding and 1 preceding
        ) as reached_before
    from seats
),

-- One seat taken twice at once is one seat: disjoint pieces first, then the number of seats taken at each moment
changes as (
    select person_sk, seat_kind, greatest(started_at, coalesce(reached_before, started_at)) as happened_at, 1 as change
    from reached
    where reached_before is null or ended_at > reached_before
    union all
    select person_sk, seat_kind, ended_at, -1
    from reached
    where reached_before is null or ended_at > reached_before
),

moments as (
    select person_sk, seat_kind, happened_at, sum(change) as change
    from changes
    group by person_sk, seat_kind, happened_at
),

taken as (
    select
        person_sk,
        happened_at as started_at,
        lead(happened_at) over (partition by person_sk, seat_kind order by happened_at) as ended_at,
        sum(change) over (
            partition by person_sk, seat_kind order by happened_at rows unbounded preceding
        ) as seats_count
    from moments
),

-- Two platforms and two devices in the same moments are one stretch; a tie would stand in another order in each window
stretches as (select distinct person_sk, started_at, ended_at from taken where seats_count >= 2),

doubled as (
    select
        *,
        max(ended_at) over (
            partition by person_sk order by started_at, ended_at rows between unbounded preceding and 1 preceding
        ) as reached_before
    from stretches
),

numbered as (
    select
        *,
        sum(case when started_at <= reached_before then 0 else 1 end) over (
            partition by person_sk order by started_at, ended_at rows unbounded preceding
        ) as run_number
    from doubled
),

runs as (
    select
        person_sk,
        run_number,
        min(started_at) as started_at,
        max(ended_at) as ended_at
    from numbered
    group by person_sk, run_number
    having
        {{ microseconds_between('min(started_at)', 'max(ended_at)') }}
        > (select min_overlap_minutes from parameters) * {{ minute_microseconds() }}
),

evidence as (
    select
        cast(candidates.person_key as varchar) as subject_id,
        runs.started_at as first_at,
        runs.ended_at as last_at,
        candidates.record_id as evidence_id,
        candidates.platform_id as sender_id,
        candidates.started_at as happened_at,
        runs.person_sk,
        cast(null as varchar) as platform_id,
        cast(null as varchar) as institution_uscc,
        false as is_withdrawn
    from runs
    inner join candidates
        on runs.person_sk = candidates.person_sk
        and candidates.started_at < runs.ended_at
        and candidates.ended_at > runs.started_at
),

{{ claims_of_persons() }},

{{ signals('concurrent_sessions', 'person') }}
