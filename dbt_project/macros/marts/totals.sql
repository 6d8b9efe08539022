{# The keys of total rows: 全国 among provinces, 全部平台 among platforms. #}
{% macro nation() -%} '000000' {%- endmacro %}
{% macro all_platforms() -%} '_all' {%- endmacro %}

{# Inside `group by …, cube (…)`: the column's own value, or its total's key where the cube has summed over it. #}
{% macro province_or_nation(column='province_code') -%}
    case when grouping({{ column }}) = 1 then {{ nation() }} else {{ column }} end
{%- endmacro %}

{% macro platform_or_all(column='platform_id') -%}
    case when grouping({{ column }}) = 1 then {{ all_platforms() }} else {{ column }} end
{%- endmacro %}

{# `total` for a row that sums over provinces or platforms, `detail` for the parts. #}
{% macro row_kind(province, platform=none) -%}
    case
        when {{ province }} = {{ nation() }}{% if platform %} or {{ platform }} = {{ all_platforms() }}{% endif %} then 'total'
        else 'detail'
    end
{%- endmacro %}

{% macro platform_name_zh(platform, name) -%}
    case when {{ platform }} = {{ all_platforms() }} then '全部平台' else {{ name }} end
{%- endmacro %}
