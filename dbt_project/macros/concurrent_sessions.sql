{# CTE `numbered`: the stretches in which a person of `candidates` sits at two platforms or two devices at once; those that
   touch have one `run_number`. #}
{% macro taken_twice_at_once(candidates) %}
-- A record without a device tells of its platform alone
seats as (
    select person_sk, 'platform' as seat_kind, platform_id as seat, started_at, ended_at from {{ candidates }}
    union all
    select person_sk, 'device', device_id, started_at, ended_at from {{ candidates }} where device_id is not null
),

reached as (
    select
        *,
        {{ reached_before('person_sk, seat_kind, seat') }} as reached_before
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
        {{ reached_before('person_sk') }} as reached_before
    from stretches
),

numbered as (
    select
        *,
        sum(case when started_at <= reached_before then 0 else 1 end) over (
            partition by person_sk order by started_at, ended_at rows unbounded preceding
        ) as run_number
    from doubled
)
{% endmacro %}
