-- The last step is the sum of all before it, to the unit, and what dispatch_table says
with

bridges as (
    select
        period_start, province_code, indicator_code, measure,
        sum(value) filter (where step <> 'recorded') as summed_value,
        sum(value) filter (where step = 'recorded') as recorded_value,
        count(*) as steps_count
    from {{ ref('reconciliation_bridge') }}
    group by period_start, province_code, indicator_code, measure
)

select bridges.*
from bridges
left join {{ ref('dispatch_table') }} as standing using (period_start, province_code, indicator_code)
where bridges.steps_count <> 10
    or bridges.summed_value is distinct from bridges.recorded_value
    or bridges.recorded_value
    is distinct from case bridges.measure when 'cumulative' then standing.cumulative else standing.this_period end
