with

records as (
    select
        registration_sk,
        kind,
        started_at,
        ended_at
    from {{ ref('fct_learning_record') }}
    where is_active_record
),

campaign as (select study_record_cut_hours from {{ ref('dim_campaign') }}),

-- A record counts at most so long, whatever its end says
cut as (
    select
        records.registration_sk,
        records.started_at,
        least(
            records.ended_at, {{ add_hours('records.started_at', 'campaign.study_record_cut_hours') }}
        ) as ended_at
    from records
    cross join campaign
    where records.kind = 'study' and records.ended_at > records.started_at
),

reached as (
    select
        *,
        max(ended_at) over (
            partition by registration_sk
            order by started_at, ended_at
            rows between unbounded preceding and 1 preceding
        ) as reached_before
    from cut
),

-- Each record adds what no earlier one of its registration has covered: disjoint pieces whose sum is the union
pieces as (
    select
        registration_sk,
        greatest(started_at, coalesce(reached_before, started_at)) as started_at,
        ended_at
    from reached
    where reached_before is null or ended_at > reached_before
),

-- The few pieces that run over a midnight, one row for each day they touch
spread as (
    select
        registration_sk,
        started_at,
        ended_at,
        {{ each_day('cast(started_at as date)', 'cast(ended_at as date)') }} as day
    from pieces
    where cast(started_at as date) <> cast(ended_at as date)
),

studied as (
    select
        registration_sk,
        cast(started_at as date) as day,
        {{ microseconds_between('started_at', 'ended_at') }} as microseconds
    from pieces
    where cast(started_at as date) = cast(ended_at as date)

    union all

    select
        registration_sk,
        day,
        {{ microseconds_between(
            'greatest(started_at, cast(day as timestamp))',
            'least(ended_at, cast(' ~ add_days('day', 1) ~ ' as timestamp))'
        ) }} as microseconds
    from spread
),

-- Hours belong to the day studied, records to the day on which they began
events as (
    select
        registration_sk,
        day,
        microseconds,
        null as kind
    from studied

    union all

    select
        registration_sk,
        cast(started_at as date) as day,
        0 as microseconds,
        kind
    from records
    where kind <> 'other'
),

by_day as (
    select
        registration_sk,
        day,
        cast(cast(sum(microseconds) as decimal(18, 0)) * cast(0.000001 as decimal(6, 6)) as decimal(18, 6)) as study_seconds,
        count(*) filter (where kind = 'sign_in') as sign_in_count,
        count(*) filter (where kind = 'study') as study_count,
        count(*) filter (where kind = 'question') as question_count,
        count(*) filter (where kind = 'test') as test_count,
        count(kind) > 0 as is_active_day
    from events
    group by registration_sk, day
)

select
    registration_sk,
    day,
    study_seconds,
    {{ study_hours('study_seconds') }} as study_hours,
    sign_in_count,
    study_count,
    question_count,
    test_count,
    is_active_day
from by_day
where study_seconds > 0 or is_active_day
