with

rules as (
    select rule_id as test_code, max(name_zh) as test_name_zh, max(severity) as severity
    from {{ ref('dim_supervision_rule') }}
    group by rule_id
),

{{ anomaly_limits({
    'copied_forward': ['min_equal_periods', 'min_value'],
    'cumulative_falls': ['max_fall'],
    'parts_not_total': ['max_difference'],
    'digit_heaping': ['max_round_share', 'min_values', 'round_to'],
    'share_out_of_range': ['min_share', 'max_share'],
    'robust_outlier': ['max_robust_z', 'min_provinces'],
}) }},

provinces as (select province_code, province_name_zh from {{ ref('dim_province') }}),

indicators as (
    select
        indicator_code, name_zh, unit, is_stock,
        unit = '元' as is_money,
        -- counted anew in every total: what came in two periods is one to date
        unit = '人' or indicator_code = 'prepaid_projects' as is_distinct
    from {{ ref('dim_indicator') }}
),

series as (
    select reported.*, indicators.is_stock, indicators.is_money, indicators.is_distinct, limits.*
    from {{ ref('fct_report_series') }} as reported
    inner join indicators on reported.indicator_code = indicators.indicator_code
    cross join limits
),

-- Each test: the figure, what it is held against, the score of the two, and the score from which on it is flagged
copied_forward as (
    select
        period_start, province_code, indicator_code, 'copied_forward' as test_code,
        this_period as observed_value, previous_this_period as expected_value,
        equal_periods_count as score, copied_forward_min_equal_periods as threshold,
        equal_periods_count >= copied_forward_min_equal_periods as is_flagged
    from series
    where previous_this_period is not null and this_period >= copied_forward_min_value
),

-- A stock may fall: courses close
cumulative_falls as (
    select
        period_start, province_code, indicator_code, 'cumulative_falls' as test_code,
        cumulative as observed_value, previous_cumulative as expected_value,
        previous_cumulative - cumulative as score, cumulative_falls_max_fall as threshold,
        previous_cumulative - cumulative > cumulative_falls_max_fall as is_flagged
    from series
    where cumulative is not null and previous_cumulative is not null and not is_stock
),

{{ parts_and_totals('series') }},

-- Of all counts of one table that are large enough to be round
digit_heaping as (
    select
        period_start, province_code, '_all' as indicator_code, 'digit_heaping' as test_code,
        count(*) filter (where this_period % digit_heaping_round_to = 0) as observed_value, count(*) as expected_value,
        {{ share_of('count(*) filter (where this_period % digit_heaping_round_to = 0)', 'count(*)') }} as score,
        digit_heaping_max_round_share as threshold,
        count(*) filter (where this_period % digit_heaping_round_to = 0)
            > digit_heaping_max_round_share * count(*) as is_flagged
    from series
    where not is_money and this_period >= digit_heaping_round_to
    group by period_start, province_code, digit_heaping_max_round_share, digit_heaping_min_values
    having count(*) >= digit_heaping_min_values
),

{{ shares_of_wholes('series') }},

{{ robust_outliers('series') }},

tested as (
    select * from copied_forward
    union all
    select * from cumulative_falls
    union all
    select * from parts_not_total
    union all
    select * from digit_heaping
    union all
    select * from share_out_of_range
    union all
    select * from robust_outlier
)

select
    tested.period_start,
    tested.province_code,
    provinces.province_name_zh,
    tested.indicator_code,
    case when tested.indicator_code = '_all' then '全部计数指标' else indicators.name_zh end as indicator_name_zh,
    tested.test_code,
    rules.test_name_zh,
    rules.severity,
    cast(tested.observed_value as decimal(18, 4)) as observed_value,
    cast(tested.expected_value as decimal(18, 4)) as expected_value,
    cast(tested.score as double) as score,
    cast(tested.threshold as double) as threshold,
    tested.is_flagged,
    {{ anomaly_detail() }} as detail
from tested
inner join provinces on tested.province_code = provinces.province_code
inner join rules on tested.test_code = rules.test_code
left join indicators on tested.indicator_code = indicators.indicator_code
