{# Schemas are called exactly raw, seeds, staging, intermediate, core and marts, without dbt's prefix: readers and the
   published copy rely on the names. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
