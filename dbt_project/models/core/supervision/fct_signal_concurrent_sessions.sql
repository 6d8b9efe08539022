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

{{ taken_twice_at_once('candidates') }},

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
