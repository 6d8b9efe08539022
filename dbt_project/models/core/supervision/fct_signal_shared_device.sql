with

{{ supervision_parameters('shared_device', ['min_persons_per_day']) }},

registrations as (select registration_sk, person_sk from {{ ref('fct_registration') }}),

-- Hardly any device serves two persons in a day: count them only where it does
suspects as (
    select
        records.device_id,
        cast(records.started_at as date) as day
    from {{ ref('fct_learning_record') }} as records
    inner join registrations on records.registration_sk = registrations.registration_sk
    where records.is_active_record and records.device_id is not null
    group by records.device_id, cast(records.started_at as date)
    having
        min(registrations.person_sk) <> max(registrations.person_sk)
        or (select min_persons_per_day from parameters) < 2
),

used as (
    select
        suspects.device_id,
        suspects.day,
        records.record_id,
        records.platform_id,
        records.started_at,
        records.registration_sk,
        registrations.person_sk
    from suspects
    inner join {{ ref('fct_learning_record') }} as records
        on suspects.device_id = records.device_id
        and suspects.day = cast(records.started_at as date)
    inner join registrations on records.registration_sk = registrations.registration_sk
    where records.is_active_record
),

crowded as (
    select
        used.device_id,
        used.day,
        min(used.started_at) as first_at,
        max(used.started_at) as last_at
    from used
    group by used.device_id, used.day
    having count(distinct used.person_sk) >= (select min_persons_per_day from parameters)
),

evidence as (
    select
        used.device_id as subject_id,
        crowded.first_at,
        crowded.last_at,
        used.record_id as evidence_id,
        used.platform_id as sender_id,
        used.started_at as happened_at,
        used.registration_sk,
        cast(null as bigint) as person_sk,
        cast(null as varchar) as platform_id,
        cast(null as varchar) as institution_uscc,
        false as is_withdrawn
    from crowded
    inner join used on crowded.device_id = used.device_id and crowded.day = used.day
),

{{ claims_of_registrations(dated=true) }},

{{ signals('shared_device', 'device', dated_claims=true) }}
