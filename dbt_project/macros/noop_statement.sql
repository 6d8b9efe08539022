{# dbt's own, but for one thing: it writes no "compiled" file for a seed.

   dbt files compiled text under target/run/<path of the node>. A seed found by an absolute path, as WAREHOUSE_SEEDS is, has
   that path joined as it is, and dbt would write its SQL over the CSV file itself. #}
{% macro noop_statement(name=None, message=None, code=None, rows_affected=None, res=None) -%}
    {%- set sql = caller() -%}

    {%- if name == 'main' and model['resource_type'] != 'seed' -%}
        {{ write(sql) }}
    {%- endif -%}

    {%- if name is not none -%}
        {{ store_raw_result(name, message=message, code=code, rows_affected=rows_affected, agate_table=res) }}
    {%- endif -%}
{%- endmacro %}
