with

comparisons as (select * from {{ ref('fct_known_comparison') }}),

late as (select * from {{ ref('fct_registration_moment') }}),

region_provinces as (select distinct region_code, province_code from {{ ref('dim_region') }}),

-- A certificate may bear an earlier day than its registration, and counts on its own
first_certificates as (
    select registration_sk, min(cast(earliest_at as date)) as issued_on
    from {{ ref('stg_certificate_history') }}
    group by registration_sk
),

-- Where a registration may count, and whose it may be, by any of its states; without a known code among the unknown
places as (
    select distinct
        history.registration_sk,
        history.person_sk,
        least(
            cast(history.earliest_at as date), coalesce(first_certificates.issued_on, cast(history.earliest_at as date))
        ) as first_day,
        case
            when {{ is_corps('history.region_code') }} then '660000'
            else coalesce(region_provinces.province_code, '990000')
        end as province_code
    from {{ ref('stg_registration_history') }} as history
    left join region_provinces on history.region_code = region_provinces.region_code
    left join first_certificates on history.registration_sk = first_certificates.registration_sk
),

-- Persons between whom a registration was moved
entangled as (
    select person_sk
    from places
    where registration_sk in (
        select registration_sk from places group by registration_sk having count(distinct person_sk) > 1
    )
),

moved as (
    select
        places.registration_sk, places.person_sk, places.province_code, places.first_day,
        late.first_day as late_first_day, late.changed_at, late.is_first, late.is_of_trace
    from late
    inner join places on late.registration_sk = places.registration_sk
),

touched as (
    select
        comparisons.comparison_id, moved.person_sk, moved.registration_sk, moved.first_day,
        comparisons.period_end, moved.is_first, moved.is_of_trace
    from moved
    inner join comparisons
        on comparisons.province_code = moved.province_code
        and moved.late_first_day <= comparisons.period_end
        and moved.changed_at > comparisons.from_at
        and moved.changed_at <= comparisons.to_at

    union all

    select
        comparisons.comparison_id, moved.person_sk, moved.registration_sk, moved.first_day,
        comparisons.period_end, moved.is_first, moved.is_of_trace
    from moved
    inner join comparisons
        on moved.late_first_day <= comparisons.period_end
        and moved.changed_at > comparisons.from_at
        and moved.changed_at <= comparisons.to_at
    where comparisons.province_code is null
),

-- Of whom everything only came later, the steps after the first change nothing
changed as (
    select
        comparison_id,
        person_sk,
        bool_and(is_of_trace) as is_of_traces,
        case when bool_and(is_first) and person_sk not in (select person_sk from entangled) then 1 else 7 end as last_step
    from touched
    group by comparison_id, person_sk
),

looked_at as (
    -- A person counts once: with one registration of theirs all of them are looked at
    select changed.comparison_id, places.registration_sk, changed.last_step
    from changed
    inner join comparisons on changed.comparison_id = comparisons.comparison_id
    inner join places
        on changed.person_sk = places.person_sk
        and places.first_day <= comparisons.period_end
        and coalesce(comparisons.province_code, places.province_code) = places.province_code
    where not changed.is_of_traces

    union all

    -- Traces alone change what becomes of their own registration, not who is registered
    select touched.comparison_id, touched.registration_sk, changed.last_step
    from touched
    inner join changed on touched.comparison_id = changed.comparison_id and touched.person_sk = changed.person_sk
    where changed.is_of_traces and touched.first_day <= touched.period_end
)

select
    comparison_id,
    registration_sk,
    max(last_step) as last_step
from looked_at
group by comparison_id, registration_sk
