{# The Corps (新疆生产建设兵团) has codes of its own within Xinjiang's and a number that the standard does not list. #}
{% macro is_corps(region_code) -%} ({{ region_code }} like '6590__' or {{ region_code }} like '66____') {%- endmacro %}

{# The province a GB/T 2260 code belongs to, whether or not the code is known on any day. #}
{% macro province_of_code(region_code) -%}
    case when {{ is_corps(region_code) }} then '660000' else left({{ region_code }}, 2) || '0000' end
{%- endmacro %}
