with

{{ supervision_parameters('machine_paced_study', ['min_consecutive_records']) }},

-- Most registrations have too few study records for a row of so many
suspects as (
    select registrations.registration_sk, registrations.platform_id, registrations.registration_id, registrations.person_sk
    from {{ ref('fct_registration_trace') }} as traces
    inner join {{ ref('fct_registration') }} as registrations on traces.registration_sk = registrations.registration_sk
    where traces.study_count >= (select min_consecutive_records from parameters)
),

studied as (
    select
        records.registration_sk,
        records.record_id,
        records.started_at,
        row_number() over one_after_another as place,
        {{ microseconds_between("date_trunc('second', records.started_at)", "date_trunc('second', records.ended_at)") }}
            as length,
        {{ microseconds_between(
            "date_trunc('second', lag(records.ended_at) over one_after_another)", "date_trunc('second', records.started_at)"
        ) }} as gap
    from {{ ref('fct_learning_record') }} as records
    inner join suspects on records.registration_sk = suspects.registration_sk
    where records.is_active_record and records.kind = 'study' and records.ended_at > records.started_at
    window one_after_another as (
        partition by records.registration_sk order by records.started_at, records.ended_at, records.record_id
    )
),

-- A step leads from one record to the next of the same length
stepped as (
    select
        *,
        coalesce(length = lag(length) over (partition by registration_sk order by place), false) as is_step
    from studied
),

paced as (
    select
        *,
        case
            when is_step and lag(is_step) over one_after_another and gap = lag(gap) over one_after_another then 0
            else 1
        end as is_new
    from stepped
    window one_after_another as (partition by registration_sk order by place)
),

numbered as (
    select
        *,
        sum(is_new) over (partition by registration_sk order by place rows unbounded preceding) as run_number
    from paced
),

-- Steps at one pace; the record from which the first of them leads is one more
runs as (
    select
        registration_sk,
        min(place) - 1 as first_place,
        max(place) as last_place
    from numbered
    where is_step
    group by registration_sk, run_number
    having count(*) + 1 >= (select min_consecutive_records from parameters)
),

bounded as (
    select
        runs.registration_sk,
        runs.first_place,
        runs.last_place,
        min(numbered.started_at) as first_at,
        max(numbered.started_at) as last_at
    from runs
    inner join numbered
        on runs.registration_sk = numbered.registration_sk
        and numbered.place between runs.first_place and runs.last_place
    group by runs.registration_sk, runs.first_place, runs.last_place
),

evidence as (
    select
        {{ named_within('suspects.platform_id', 'suspects.registration_id') }} as subject_id,
        bounded.first_at,
        bounded.last_at,
        numbered.record_id as evidence_id,
        suspects.platform_id as sender_id,
        numbered.started_at as happened_at,
        suspects.registration_sk,
        suspects.person_sk,
        suspects.platform_id,
        cast(null as varchar) as institution_uscc,
        false as is_withdrawn
    from bounded
    inner join suspects on bounded.registration_sk = suspects.registration_sk
    inner join numbered
        on bounded.registration_sk = numbered.registration_sk
        and numbered.place between bounded.first_place and bounded.last_place
),

{{ claims_of_registrations() }},

{{ signals('machine_paced_study', 'registration') }}
