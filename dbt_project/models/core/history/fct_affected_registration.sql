with

comparisons as (select * from {{ ref('fct_known_comparison') }}),

region_provinces as (select distinct region_code, province_code from {{ ref('dim_region') }}),

-- When the registry said something new of a platform, its last word included
platform_moments as (
    select platform_id, known_from as changed_at from {{ ref('stg_platform_history') }}
    union
    select platform_id, known_to from {{ ref('stg_platform_history') }}
),

rosters as (select * from {{ ref('stg_roster_history') }}),

traces as (select * from {{ ref('int_trace_history') }}),

-- Where a registration may count, by any of its states; without a known code among the unknown
registrations as (
    select
        history.registration_sk,
        history.person_sk,
        history.platform_id,
        history.known_from,
        history.ended_at,
        history.known_from = history.first_known_at as is_first,
        cast(history.earliest_at as date) as first_registered_on,
        case
            when {{ is_corps('history.region_code') }} then '660000'
            else coalesce(region_provinces.province_code, '990000')
        end as province_code
    from {{ ref('stg_registration_history') }} as history
    left join region_provinces on history.region_code = region_provinces.region_code
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

-- When something that bears on a registration changed, the first day that it can touch, and whether it only came then
moments as (
    select registration_sk, first_registered_on as first_day, known_from as changed_at, is_first from registrations
    union
    select registration_sk, first_registered_on, ended_at, false from registrations
    union
    select registration_sk, cast(earliest_at as date), known_from, is_first from trace_moments
    union
    select registration_sk, cast(earliest_at as date), ended_at, false from trace_moments
    union
    select registrations.registration_sk, registrations.first_registered_on, platform_moments.changed_at, false
    from registrations
    inner join platform_moments on registrations.platform_id = platform_moments.platform_id
    union
    select registrations.registration_sk, registrations.first_registered_on, rosters.known_from, false
    from registrations
    inner join rosters on registrations.person_sk = rosters.person_sk
    union
    select registrations.registration_sk, registrations.first_registered_on, rosters.ended_at, false
    from registrations
    inner join rosters on registrations.person_sk = rosters.person_sk
),

-- What came before anything was compared touches nothing; it leaves out moments that never were, too
late as (
    select * from moments where changed_at > (select min(from_at) from comparisons)
),

places as (
    select distinct registration_sk, person_sk, province_code, first_registered_on
    from registrations
),

-- Persons between whom a registration was moved
entangled as (
    select person_sk
    from places
    where registration_sk in (
        select registration_sk from places group by registration_sk having count(distinct person_sk) > 1
    )
),

touched as (
    select comparisons.comparison_id, places.person_sk, late.is_first
    from late
    inner join places on late.registration_sk = places.registration_sk
    inner join comparisons
        on comparisons.province_code = places.province_code
        and late.first_day <= comparisons.period_end
        and late.changed_at > comparisons.from_at
        and late.changed_at <= comparisons.to_at

    union all

    select comparisons.comparison_id, places.person_sk, late.is_first
    from late
    inner join places on late.registration_sk = places.registration_sk
    inner join comparisons
        on late.first_day <= comparisons.period_end
        and late.changed_at > comparisons.from_at
        and late.changed_at <= comparisons.to_at
    where comparisons.province_code is null
),

-- Of whom everything only came later, the steps after the first change nothing
changed as (
    select
        comparison_id,
        person_sk,
        case when bool_and(is_first) and person_sk not in (select person_sk from entangled) then 1 else 7 end as last_step
    from touched
    group by comparison_id, person_sk
)

-- A person counts once: with one registration of theirs all of them are looked at
select
    changed.comparison_id,
    places.registration_sk,
    max(changed.last_step) as last_step
from changed
inner join comparisons on changed.comparison_id = comparisons.comparison_id
inner join places
    on changed.person_sk = places.person_sk
    and places.first_registered_on <= comparisons.period_end
    and coalesce(comparisons.province_code, places.province_code) = places.province_code
group by changed.comparison_id, places.registration_sk
