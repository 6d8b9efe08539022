{# The days on which persons of `eligibility` studied in `registrations`: CTEs `person_days`, how long on each, one row for
   (person, day), and `by_registration`, one for (person, day, registration), of which `preference` 1 is where the money of
   the day goes. #}
{% macro studied_days(registrations, eligibility) %}
-- Only persons on a roster can be due anything: their study alone is laid on one line
studied as (
    select
        registrations.person_sk,
        intervals.registration_sk,
        intervals.day,
        intervals.started_at,
        intervals.ended_at
    from {{ ref('fct_study_interval') }} as intervals
    inner join {{ registrations }} as registrations on intervals.registration_sk = registrations.registration_sk
    where registrations.person_sk in (select person_sk from {{ eligibility }})
),

reached as (
    select
        *,
        {{ reached_before('person_sk, day') }} as reached_before
    from studied
),

person_days as (
    select
        person_sk,
        day,
        -- A registration's own hours decide where the day's money goes, the union of all of them whether it is due
        sum(
            case
                when reached_before is null then {{ microseconds_between('started_at', 'ended_at') }}
                when ended_at > reached_before
                    then {{ microseconds_between('greatest(started_at, reached_before)', 'ended_at') }}
                else 0
            end
        ) as study_microseconds
    from reached
    group by person_sk, day
),

by_registration as (
    select
        studied.person_sk,
        studied.day,
        studied.registration_sk,
        registrations.region_code,
        registrations.course_grade as grade,
        registrations.project_id,
        row_number() over (
            partition by studied.person_sk, studied.day
            order by
                sum({{ microseconds_between('studied.started_at', 'studied.ended_at') }}) desc,
                registrations.registered_at,
                registrations.platform_id,
                registrations.registration_id
        ) as preference
    from studied
    inner join {{ registrations }} as registrations on studied.registration_sk = registrations.registration_sk
    group by
        studied.person_sk, studied.day, studied.registration_sk, registrations.region_code, registrations.course_grade,
        registrations.project_id, registrations.registered_at, registrations.platform_id, registrations.registration_id
)
{% endmacro %}
