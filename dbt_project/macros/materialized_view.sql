{# How a view of this project is made: in one statement, in place of the one that stands, as tables are
   (materialized_table.sql). dbt's own way makes it under another name, renames twice and drops what stood there. #}
{% materialization view, adapter='duckdb' %}
  {%- set target_relation = this.incorporate(type='view') -%}
  {%- set standing = load_cached_relation(this) -%}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}
  {% if standing is not none and not standing.is_view %}
    {{ drop_relation_if_exists(standing) }}
  {% endif %}
  {% call statement('main') %}
    create or replace view {{ target_relation }} as {{ compiled_code }}
  {% endcall %}
  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {{ adapter.commit() }}
  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
