{# The certificate that decides of each registration that has any: CTEs `decided`, one row for each such registration, and
   `logged`, the study before that certificate was issued, in microseconds. #}
{% macro decisive_certificates() %}
certificates as (
    select
        *,
        row_number() over (
            partition by registration_sk
            order by case when is_revoked then 1 else 0 end, issued_at, certificate_no
        ) as preference
    from {{ ref('fct_certificate') }}
),

-- Of a registration whose certificates were all revoked none decides: it keeps its row, without an event
decided as (
    select
        registration_sk,
        case when not is_revoked then certificate_no end as certificate_no,
        case when not is_revoked then issued_at end as issued_at,
        case when not is_revoked then cast(issued_at as date) end as event_date,
        case when not is_revoked then class_hours end as class_hours,
        case when not is_revoked then cost_cny end as cost_cny
    from certificates
    where preference = 1
),

logged as (
    select
        decided.registration_sk,
        sum({{ microseconds_between('intervals.started_at', 'least(intervals.ended_at, decided.issued_at)') }})
            as study_microseconds
    from decided
    inner join {{ ref('fct_study_interval') }} as intervals
        on decided.registration_sk = intervals.registration_sk
        and intervals.started_at < decided.issued_at
    group by decided.registration_sk
)
{% endmacro %}
