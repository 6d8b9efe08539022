{# How a table of this project is built: in one statement, in place of the one that stands.

   dbt-duckdb creates each table under another name, fills it, and renames twice: five statements, each with a context of
   macros of its own, which cost a small build more than its queries. DuckDB replaces a table in one transaction, so
   readers and a failed build see the old one whole as before. The contract is asserted as dbt does, and the columns stand
   in its order. #}
{% materialization table, adapter='duckdb' %}
  {%- set target_relation = this.incorporate(type='table') -%}
  {%- set standing = load_cached_relation(this) -%}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}
  {% if standing is not none and not standing.is_table %}
    {{ drop_relation_if_exists(standing) }}
  {% endif %}
  {% call statement('main') %}
    {{ create_or_replace_table(target_relation, compiled_code) }}
  {% endcall %}
  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {{ adapter.commit() }}
  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% macro create_or_replace_table(relation, query) %}
  {%- if config.get('contract').enforced %}{{ get_assert_columns_equivalent(query) }}{% endif %}
  create or replace table {{ relation }} as
  {{ get_select_subquery(query) if config.get('contract').enforced else query }}
{% endmacro %}
