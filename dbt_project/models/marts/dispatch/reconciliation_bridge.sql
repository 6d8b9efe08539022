with

reconciled as (select * from {{ ref('dispatch_reconciliation') }} where status in ('agrees', 'differs')),

filings as (
    select period_start, province_code, indicator_code, filed_at
    from {{ ref('fct_dispatch_report') }}
    where is_current
),

classes as (select step_number, step from {{ ref('dim_known_step') }} where step_number > 0),

known_changes as (select * from {{ ref('fct_known_change') }} where purpose = 'bridge'),

changes as (
    select period_start, province_code, indicator_code, from_at, step_number, 'this_period' as measure, this_period as value
    from known_changes
    union all
    select period_start, province_code, indicator_code, from_at, step_number, 'cumulative', cumulative
    from known_changes
),

excluded as (
    select period_start, province_code, from_at, excluded_class, 'this_period' as measure, this_period as value
    from {{ ref('fct_excluded_registration') }}
    union all
    select period_start, province_code, from_at, excluded_class, 'cumulative', cumulative
    from {{ ref('fct_excluded_registration') }}
),

cells as (
    select reconciled.*, filings.filed_at
    from reconciled
    inner join filings using (period_start, province_code, indicator_code)
),

class_steps as (
    select cells.*, classes.step_number + 2 as step_number, classes.step, coalesce(changes.value, 0) as value
    from cells
    cross join classes
    left join changes
        on cells.period_start = changes.period_start
        and cells.province_code = changes.province_code
        and cells.indicator_code = changes.indicator_code
        and cells.measure = changes.measure
        and cells.filed_at = changes.from_at
        and classes.step_number = changes.step_number
),

changed as (
    select period_start, province_code, indicator_code, measure, sum(value) as changed_value
    from class_steps
    group by period_start, province_code, indicator_code, measure
),

unexplained as (
    select cells.*, cells.recorded_value - changed.changed_value - cells.reported_value as value
    from cells
    inner join changed using (period_start, province_code, indicator_code, measure)
),

-- A bureau that counted a class which the rules leave out reports just so many more
causes as (
    select
        unexplained.period_start, unexplained.province_code, unexplained.indicator_code, unexplained.measure,
        min(excluded.excluded_class) as likely_cause
    from unexplained
    inner join excluded
        on unexplained.period_start = excluded.period_start
        and unexplained.province_code = excluded.province_code
        and unexplained.filed_at = excluded.from_at
        and unexplained.measure = excluded.measure
        and unexplained.value = -excluded.value
    where unexplained.indicator_code = 'registrations' and unexplained.value <> 0
    group by unexplained.period_start, unexplained.province_code, unexplained.indicator_code, unexplained.measure
    -- Two classes of one size explain nothing
    having count(*) = 1
),

steps as (
    select *, 1 as step_number, 'reported' as step, reported_value as value from cells
    union all by name
    select *, 2 as step_number, 'unexplained' as step from unexplained
    union all by name
    select * from class_steps
    union all by name
    select *, 10 as step_number, 'recorded' as step, recorded_value as value from cells
)

select
    steps.period_start,
    steps.province_code,
    steps.province_name_zh,
    steps.indicator_code,
    steps.indicator_name_zh,
    steps.unit,
    steps.sort_order,
    steps.measure,
    cast(steps.step_number as integer) as step_number,
    steps.step,
    steps.filed_at,
    steps.version,
    cast(steps.value as decimal(18, 4)) as value,
    case when steps.step = 'unexplained' then causes.likely_cause end as likely_cause
from steps
left join causes using (period_start, province_code, indicator_code, measure)
