{%- set classes = ['late_arrival', 'correction', 'cancellation', 'verification', 'recoding', 'roster', 'rule'] -%}
with

standing as (select * from {{ ref('dispatch_table') }}),

comparisons as (select * from {{ ref('fct_known_comparison') }} where purpose = 'restatement'),

known_changes as (select * from {{ ref('fct_known_change') }} where purpose = 'restatement'),

recorded as (
    select period_start, province_code, indicator_code, 'this_period' as measure, this_period as recorded_value
    from standing
    union all
    select period_start, province_code, indicator_code, 'cumulative', cumulative
    from standing
),

changes as (
    select period_start, province_code, indicator_code, from_at, step, 'this_period' as measure, this_period as value
    from known_changes
    union all
    select period_start, province_code, indicator_code, from_at, step, 'cumulative', cumulative
    from known_changes
),

changed as (
    select
        period_start, province_code, indicator_code, measure, from_at,
        {%- for class in classes %}
        coalesce(sum(value) filter (where step = '{{ class }}'), 0) as {{ class }}_delta,
        {%- endfor %}
        sum(value) as delta
    from changes
    group by period_start, province_code, indicator_code, measure, from_at
),

-- Backwards from what is recorded now: what changed from a dispatch on is taken off
known as (
    select
        recorded.*,
        comparisons.from_at,
        comparisons.to_at,
        {%- for class in classes %}
        coalesce(changed.{{ class }}_delta, 0) as {{ class }}_delta,
        {%- endfor %}
        coalesce(changed.delta, 0) as delta,
        recorded.recorded_value - sum(coalesce(changed.delta, 0)) over (
            partition by recorded.period_start, recorded.province_code, recorded.indicator_code, recorded.measure
            order by comparisons.from_at desc
        ) as value_before
    from recorded
    inner join comparisons on recorded.period_start = comparisons.period_start
    left join changed
        on recorded.period_start = changed.period_start
        and recorded.province_code = changed.province_code
        and recorded.indicator_code = changed.indicator_code
        and recorded.measure = changed.measure
        and comparisons.from_at = changed.from_at
)

select
    known.period_start,
    known.province_code,
    provinces.province_name_zh,
    known.indicator_code,
    indicators.name_zh as indicator_name_zh,
    indicators.unit,
    known.measure,
    known.to_at as dispatch_at,
    known.from_at as previous_dispatch_at,
    cast(known.value_before as decimal(18, 2)) as value_before,
    cast(known.value_before + known.delta as decimal(18, 2)) as value,
    cast(known.delta as decimal(18, 2)) as delta
    {%- for class in classes %},
    cast(known.{{ class }}_delta as decimal(18, 2)) as {{ class }}_delta
    {%- endfor %}
from known
inner join {{ ref('dim_province') }} as provinces on known.province_code = provinces.province_code
inner join {{ ref('dim_indicator') }} as indicators on known.indicator_code = indicators.indicator_code
-- What came since the last dispatch shows at the next one; where no part of the change is any, the two values are one
where known.to_at < {{ latest_moment() }}
    and (
        known.value_before <> 0
        {%- for class in classes %}
        or known.{{ class }}_delta <> 0
        {%- endfor %}
    )
