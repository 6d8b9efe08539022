{# CTE `name` and what it needs: distinct persons of each `bucket` by province × platform and in the totals of both. One row
   per bucket × province_code × platform_id, totals keyed as in `totals.sql`; `persons` is their number.

   relation   any number of rows with bucket, province_code, platform_id, person_sk, none of them null

   A person at one place within the bucket, as nearly all are, counts once there and once in each total: these are added
   up. Only those at several places are told apart in each total anew. #}
{% macro distinct_persons(name, relation, bucket) -%}
{{ name }}_places as (
    select
        {{ bucket }},
        person_sk,
        min(province_code) as province_code,
        min(platform_id) as platform_id,
        min(province_code) < max(province_code) or min(platform_id) < max(platform_id) as is_at_several
    from {{ relation }}
    group by {{ bucket }}, person_sk
),

{{ name }}_at_one as (
    select {{ bucket }}, province_code, platform_id, count(*) as persons
    from {{ name }}_places
    where not is_at_several
    group by {{ bucket }}, province_code, platform_id
),

{{ name }}_at_several as (
    select {{ bucket }}, person_sk, places.province_code, places.platform_id
    from {{ relation }} as places
    inner join (select {{ bucket }}, person_sk from {{ name }}_places where is_at_several) as several
        using ({{ bucket }}, person_sk)
),

{{ name }}_parts as (
    select
        {{ bucket }}, {{ province_or_nation() }} as province_code, {{ platform_or_all() }} as platform_id,
        sum(persons) as persons
    from {{ name }}_at_one
    group by {{ bucket }}, cube (province_code, platform_id)

    union all

    select
        {{ bucket }}, {{ province_or_nation() }}, {{ platform_or_all() }}, count(distinct person_sk)
    from {{ name }}_at_several
    group by {{ bucket }}, cube (province_code, platform_id)
),

{{ name }} as (
    select {{ bucket }}, province_code, platform_id, sum(persons) as persons
    from {{ name }}_parts
    group by {{ bucket }}, province_code, platform_id
)
{%- endmacro %}
