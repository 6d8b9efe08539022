with

records as (
    select
        registration_sk,
        started_at,
        ended_at
    from {{ ref('fct_learning_record') }}
    where is_active_record and kind = 'study' and ended_at > started_at
),

campaign as (select study_record_cut_hours, clock from {{ ref('dim_campaign') }}),

-- A record counts at most so long, whatever its end says, and never past the clock
cut as (
    select
        records.registration_sk,
        records.started_at,
        least(
            records.ended_at,
            {{ add_hours('records.started_at', 'campaign.study_record_cut_hours') }},
            campaign.clock
        ) as ended_at
    from records
    cross join campaign
    where records.started_at < campaign.clock
),

reached as (
    select
        *,
        {{ reached_before('registration_sk') }} as reached_before
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
)

select
    registration_sk,
    cast(started_at as date) as day,
    started_at,
    ended_at
from pieces
where cast(started_at as date) = cast(ended_at as date)

union all

select
    registration_sk,
    day,
    greatest(started_at, cast(day as timestamp)) as started_at,
    least(ended_at, cast({{ add_days('day', 1) }} as timestamp)) as ended_at
from spread
-- a piece that ends at midnight touches the next day without lasting in it
where ended_at > cast(day as timestamp)
