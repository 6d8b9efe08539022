with

certificates as (
    select
        *,
        row_number() over (
            partition by registration_sk
            order by case when is_revoked then 1 else 0 end, issued_at, certificate_no
        ) as preference
    from {{ ref('fct_certificate') }}
),

decisive as (select * from certificates where preference = 1),

logged as (
    select
        decisive.registration_sk,
        sum({{ microseconds_between('intervals.started_at', 'least(intervals.ended_at, decisive.issued_at)') }})
            as logged_microseconds
    from decisive
    inner join {{ ref('fct_study_interval') }} as intervals
        on decisive.registration_sk = intervals.registration_sk
        and intervals.started_at < decisive.issued_at
    group by decisive.registration_sk
)

select
    registrations.registration_sk,
    registrations.platform_id,
    registrations.registration_id,
    registrations.person_sk,
    decisive.certificate_no,
    decisive.issued_at,
    decisive.class_hours,
    decisive.cost_cny,
    decisive.is_revoked,
    cast(coalesce(logged.logged_microseconds, 0) as bigint) as logged_microseconds
from decisive
inner join {{ ref('fct_registration') }} as registrations on decisive.registration_sk = registrations.registration_sk
left join logged on decisive.registration_sk = logged.registration_sk
