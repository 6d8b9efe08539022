-- The biweekly table counts the same registrations, persons and money as the marts, by a way of its own.
with

dispatched as (
    select dispatched.*
    from {{ ref('dispatch_table') }} as dispatched
    inner join {{ ref('dim_period') }} as periods on dispatched.period_start = periods.period_start
    where periods.is_in_action
),

elsewhere as (
    {%- for indicator, this_period, cumulative in [
        ('registrations', 'registrations', 'cumulative_registrations'),
        ('learners', 'learners', 'cumulative_learners'),
        ('completed', 'completed_registrations', none),
    ] %}
    select '{{ indicator }}' as indicator_code, period_start, province_code, {{ this_period }} as this_period,
        {{ cumulative or 'null' }} as cumulative
    from {{ ref('registration_progress') }}
    where platform_id = '_all'
    union all
    {%- endfor %}
    {%- for scheme in ['training', 'living_allowance'] %}
    select
        '{{ scheme }}{{ '_subsidy' if scheme == 'training' }}_amount_cny',
        period_start,
        province_code,
        sum(paid_amount_cny),
        null
    from {{ ref('subsidy_progress') }}
    where scheme = '{{ scheme }}'
    group by period_start, province_code
    union all
    {%- endfor %}
    select target_code || case target_code when 'platforms' then '_selected' else '_covered' end,
        period_start, province_code, null, actual_value
    from {{ ref('target_progress') }}
    where target_code in ('platforms', 'occupations')
)

select
    dispatched.period_start,
    dispatched.province_code,
    dispatched.indicator_code,
    dispatched.this_period,
    elsewhere.this_period as this_period_elsewhere,
    dispatched.cumulative,
    elsewhere.cumulative as cumulative_elsewhere
from dispatched
inner join elsewhere
    on dispatched.indicator_code = elsewhere.indicator_code
    and dispatched.period_start = elsewhere.period_start
    and dispatched.province_code = elsewhere.province_code
where dispatched.this_period <> elsewhere.this_period or dispatched.cumulative <> elsewhere.cumulative

union all

-- What happened to date is what happened in each period, of all that adds up
select max(period_start), province_code, indicator_code, sum(this_period), null, max_by(cumulative, period_start), null
from {{ ref('dispatch_table') }}
where unit <> '人' and indicator_code <> 'prepaid_projects'
group by province_code, indicator_code
having sum(this_period) <> max_by(cumulative, period_start)
