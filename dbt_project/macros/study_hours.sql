{# Hours of study as the marts show them: exact seconds / 3600, half-up to four decimals, without passing a DOUBLE.
   `seconds`: DECIMAL with up to six decimals, or a sum of such; round once, after summing. 0.0001 h is 360,000 µs. #}
{% macro study_hours(seconds) -%}
    cast(
        {{ whole_quotient('cast((' ~ seconds ~ ') * 1000000 as bigint) + 180000', 360000) }} * cast(0.0001 as decimal(5, 4))
        as decimal(18, 4)
    )
{%- endmacro %}
