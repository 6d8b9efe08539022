{# How far the intervals before this one reach, of those with the same `partition`; NULL for the first. What lies after it is
   covered by none of them: such pieces add up to the union. #}
{% macro reached_before(partition) -%}
    max(ended_at) over (
        partition by {{ partition }} order by started_at, ended_at rows between unbounded preceding and 1 preceding
    )
{%- endmacro %}
