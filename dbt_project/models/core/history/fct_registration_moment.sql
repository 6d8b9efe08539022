with

comparisons as (select * from {{ ref('fct_known_comparison') }}),

-- When the registry said something new of a platform, its last word included
platform_moments as (
    select platform_id, known_from as changed_at from {{ ref('stg_platform_history') }}
    union
    select platform_id, known_to from {{ ref('stg_platform_history') }}
),

rosters as (select * from {{ ref('stg_roster_history') }}),

traces as (select * from {{ ref('int_trace_history') }}),

-- A certificate may bear an earlier day than its registration, and counts on its own
first_certificates as (
    select registration_sk, min(cast(earliest_at as date)) as issued_on
    from {{ ref('stg_certificate_history') }}
    group by registration_sk
),

registrations as (
    select
        history.registration_sk,
        history.person_sk,
        history.platform_id,
        history.registered_at,
        history.known_from,
        history.known_to,
        history.ended_at,
        history.known_from = history.first_known_at as is_first,
        least(
            cast(history.earliest_at as date), coalesce(first_certificates.issued_on, cast(history.earliest_at as date))
        ) as first_day
    from {{ ref('stg_registration_history') }} as history
    left join first_certificates on history.registration_sk = first_certificates.registration_sk
),

-- Whatever state of a trace names the registration: a correction may have moved it
trace_moments as (
    select registration_sk, earliest_at, known_from, ended_at, true as is_first from traces where is_only_state

    union all

    select named.registration_sk, changes.earliest_at, changes.known_from, changes.ended_at, false
    from traces as changes
    inner join traces as named on changes.platform_id = named.platform_id and changes.trace_key = named.trace_key
    where not changes.is_only_state and not named.is_only_state
),

-- When something that bears on a registration changed, the first day that it can touch, whether it only came then, and
-- whether a trace is all that it is
moments as (
    select registration_sk, first_day, known_from as changed_at, is_first, false as is_of_trace
    from registrations

    union all

    select registration_sk, first_day, ended_at, false, false from registrations

    union all

    select registration_sk, cast(earliest_at as date), known_from, is_first, true from trace_moments

    union all

    select registration_sk, cast(earliest_at as date), ended_at, false, true from trace_moments

    union all

    -- A sender's clock may be ahead: what has come does not count before its own moment has
    select registration_sk, first_day, registered_at, true, false
    from registrations
    where registered_at > known_from and registered_at < known_to

    union all

    select registration_sk, cast(earliest_at as date), happened_at, true, true
    from traces
    where happened_at > known_from and happened_at < known_to

    union all

    select registrations.registration_sk, registrations.first_day, platform_moments.changed_at, false, false
    from registrations
    inner join platform_moments on registrations.platform_id = platform_moments.platform_id

    union all

    select registrations.registration_sk, registrations.first_day, rosters.known_from, false, false
    from registrations
    inner join rosters on registrations.person_sk = rosters.person_sk

    union all

    select registrations.registration_sk, registrations.first_day, rosters.ended_at, false, false
    from registrations
    inner join rosters on registrations.person_sk = rosters.person_sk
)

-- What came before anything was compared touches nothing; it leaves out moments that never were, too
select registration_sk, changed_at, is_first, is_of_trace, min(first_day) as first_day
from moments
where changed_at > (select min(from_at) from comparisons)
group by registration_sk, changed_at, is_first, is_of_trace
