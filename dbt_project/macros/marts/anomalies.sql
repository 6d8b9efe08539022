{# CTE `limits`: one row with every parameter of the tests on reports, named `<test>_<parameter>`. #}
{% macro anomaly_limits(parameters) -%}
limits as (
    select
        {%- for rule_id, names in parameters.items() %}
        {%- set rule_loop = loop %}
        {%- for name in names %}
        max(value) filter (where rule_id = '{{ rule_id }}' and parameter = '{{ name }}') as {{ rule_id }}_{{ name }}
            {{- ',' if not (rule_loop.last and loop.last) }}
        {%- endfor %}
        {%- endfor %}
    from {{ ref('dim_supervision_rule') }}
)
{%- endmacro %}

{# A DECIMAL as people write it: 120 instead of 120.0000. #}
{% macro plain_number(value) -%} regexp_replace(cast(cast({{ value }} as decimal(18, 4)) as varchar), '[.]?0+$', '') {%- endmacro %}

{# CTE `robust_outlier` and what it needs. What is compared is growth over the period before, in logarithms: it takes out
   how large a province is and how the whole country moved. One is added, so that a figure of 0 has a logarithm. #}
{% macro robust_outliers(series) -%}
grown as (
    select
        *,
        ln((this_period + 1) / (previous_this_period + 1)) as growth
    from {{ series }}
    where this_period >= 0 and previous_this_period >= 0
),

-- Each province against the others: it must not shift what it is measured by
compared as (
    select
        grown.period_start, grown.indicator_code, grown.province_code, others.growth as other_growth
    from grown
    inner join grown as others
        on grown.period_start = others.period_start
        and grown.indicator_code = others.indicator_code
        and grown.province_code <> others.province_code
),

middles as (
    select
        period_start, indicator_code, province_code,
        median(other_growth) as middle,
        count(*) + 1 as provinces_count
    from compared
    group by period_start, indicator_code, province_code
),

spreads as (
    select
        period_start, indicator_code, province_code,
        -- 1.4826: what makes the deviation of a normal distribution out of its median absolute deviation
        1.4826 * median(abs(compared.other_growth - middles.middle)) as spread
    from compared
    inner join middles using (period_start, indicator_code, province_code)
    group by period_start, indicator_code, province_code
),

-- Where more than half of the others grew alike there is no spread to measure by
robust_outlier as (
    select
        grown.period_start, grown.province_code, grown.indicator_code, 'robust_outlier' as test_code,
        grown.this_period as observed_value,
        round((grown.previous_this_period + 1) * exp(middles.middle) - 1, 1) as expected_value,
        (grown.growth - middles.middle) / spreads.spread as score,
        grown.robust_outlier_max_robust_z as threshold,
        abs(grown.growth - middles.middle) > grown.robust_outlier_max_robust_z * spreads.spread as is_flagged
    from grown
    inner join middles using (period_start, indicator_code, province_code)
    inner join spreads using (period_start, indicator_code, province_code)
    where spreads.spread > 0 and middles.provinces_count >= grown.robust_outlier_min_provinces
)
{%- endmacro %}

{# What a reader sees first: the test's numbers in a sentence. #}
{% macro anomaly_detail() -%}
case tested.test_code
        when 'copied_forward'
            then '本期数 ' || {{ plain_number('tested.observed_value') }} || '，连续相同 ' || {{ plain_number('tested.score') }} || ' 期'
        when 'cumulative_falls'
            then '累计数 ' || {{ plain_number('tested.observed_value') }} || '，此前已报 ' || {{ plain_number('tested.expected_value') }}
        when 'parts_not_total'
            then '分项 ' || {{ plain_number('tested.observed_value') }} || '，合计 ' || {{ plain_number('tested.expected_value') }}
        when 'digit_heaping'
            then {{ plain_number('tested.expected_value') }} || ' 个数值中 ' || {{ plain_number('tested.observed_value') }} || ' 个为整数'
        when 'share_out_of_range'
            then '累计 ' || {{ plain_number('tested.observed_value') }} || '，占 ' || {{ plain_number('tested.expected_value') }}
        when 'robust_outlier'
            then '本期数 ' || {{ plain_number('tested.observed_value') }} || '，按各省中位增幅应约 ' || {{ plain_number('tested.expected_value') }}
    end
{%- endmacro %}

{# CTE `parts_not_total` and what it needs: groups against what they are part of, periods against the figure to date. #}
{% macro parts_and_totals(series) -%}
-- A group is part of all, and the periods are parts of the figure to date
part_and_total as (
    select
        series.*, series.this_period as part, wholes.this_period as total,
        series.this_period - wholes.this_period as excess
    from {{ series }} as series
    inner join {{ series }} as wholes
        on series.period_start = wholes.period_start
        and series.province_code = wholes.province_code
        and series.whole_indicator_code = wholes.indicator_code
    union all
    select
        series.*, periods_sum as part, cumulative as total,
        case when is_distinct then cumulative - periods_sum else abs(cumulative - periods_sum) end as excess
    from {{ series }} as series
    where whole_indicator_code is null
),

parts_not_total as (
    select
        period_start, province_code, indicator_code, 'parts_not_total' as test_code,
        part as observed_value, total as expected_value,
        excess as score, parts_not_total_max_difference as threshold,
        excess > parts_not_total_max_difference as is_flagged
    from part_and_total
    where excess is not null
)
{%- endmacro %}

{# CTE `share_out_of_range`: figures to date that can be no more than another one. #}
{% macro shares_of_wholes(series) -%}
-- Persons among their registrations, and the registrations that were completed
share_out_of_range as (
    select
        series.period_start, series.province_code, series.indicator_code, 'share_out_of_range' as test_code,
        series.cumulative as observed_value, wholes.cumulative as expected_value,
        {{ share_of('series.cumulative', 'wholes.cumulative') }} as score,
        case
            when series.cumulative < series.share_out_of_range_min_share * wholes.cumulative
                then series.share_out_of_range_min_share
            else series.share_out_of_range_max_share
        end as threshold,
        series.cumulative < series.share_out_of_range_min_share * wholes.cumulative
            or series.cumulative > series.share_out_of_range_max_share * wholes.cumulative as is_flagged
    from {{ series }} as series
    inner join {{ series }} as wholes
        on series.period_start = wholes.period_start
        and series.province_code = wholes.province_code
        and wholes.indicator_code = case
            when series.indicator_code = 'completed' then 'registrations'
            when left(series.indicator_code, 8) = 'learners' then replace(series.indicator_code, 'learners', 'registrations')
        end
    where series.cumulative is not null and wholes.cumulative is not null
)
{%- endmacro %}
