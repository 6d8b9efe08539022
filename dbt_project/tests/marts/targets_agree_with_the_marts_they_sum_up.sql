-- The 515 line, against the marts that its readers open next.
with

targets as (
    select period_start, target_code, actual_value from {{ ref('target_progress') }} where province_code = '000000'
),

elsewhere as (
    select period_start, 'registrations' as target_code, cumulative_registrations as actual_value
    from {{ ref('registration_progress') }}
    where province_code = '000000' and platform_id = '_all'

    union all

    select period_start, 'occupations', count(*)
    from {{ ref('occupation_coverage') }}
    where is_covered
    group by period_start
)

select targets.*, elsewhere.actual_value as value_elsewhere
from targets
left join elsewhere
    on targets.period_start = elsewhere.period_start
    and targets.target_code = elsewhere.target_code
where targets.target_code in ('registrations', 'occupations')
    and targets.actual_value <> coalesce(elsewhere.actual_value, 0)
