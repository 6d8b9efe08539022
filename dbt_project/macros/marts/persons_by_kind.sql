{# CTE `persons_by_kind`: distinct persons of each of `kinds`, as <kind>_persons, by period, scheme, fund, and province or
   nation. #}
{% macro persons_by_kind(dated, kinds) %}
-- Each kind on its own row: one count of distinct persons, not one for each kind in every total
persons as (
    select
        period_start, scheme, fund, kind,
        {{ province_or_nation() }} as province_code,
        count(distinct person_sk) as persons
    from {{ dated }}
    where person_sk is not null
    group by period_start, scheme, fund, kind, cube (province_code)
),

persons_by_kind as (
    select
        period_start, scheme, fund, province_code
        {%- for kind in kinds %},
        max(persons) filter (where kind = '{{ kind }}') as {{ kind }}_persons
        {%- endfor %}
    from persons
    group by period_start, scheme, fund, province_code
)
{% endmacro %}
