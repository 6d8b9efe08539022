with

campaign as (select clock from {{ ref('dim_campaign') }}),

-- What a sender dates after the clock has not happened yet
records as (
    select
        learning.registration_sk,
        learning.kind,
        learning.started_at
    from {{ ref('fct_learning_record') }} as learning
    cross join campaign
    where learning.is_active_record and learning.started_at <= campaign.clock
),

studied as (
    select
        registration_sk,
        day,
        {{ microseconds_between('started_at', 'ended_at') }} as microseconds
    from {{ ref('fct_study_interval') }}
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
        cast(
            cast(sum(microseconds) as decimal(18, 0)) * cast(0.000001 as decimal(6, 6)) as decimal(18, 6)
        ) as study_seconds,
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
