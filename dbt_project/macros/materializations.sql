{# How a table or view of this project is made: in one statement, in place of the one that stands.

   dbt-duckdb makes each under another name and renames twice: up to five statements, each with a context of macros of its
   own, which cost a small build more than its queries. DuckDB replaces either in one transaction, so readers and a failed
   build see the old one whole as before. A table's contract is asserted as dbt does, and the columns stand in its order. #}
{% materialization table, adapter='duckdb' %}
  {% call in_place_of_what_stands('table') %}{{ create_or_replace_table(this, compiled_code) }}{% endcall %}
  {{ return({'relations': [this.incorporate(type='table')]}) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
  {% call in_place_of_what_stands('view') %}create or replace view {{ this }} as {{ compiled_code }}{% endcall %}
  {{ return({'relations': [this.incorporate(type='view')]}) }}
{% endmaterialization %}

{# Runs the statement of the call for the model's relation, from which a relation of another kind is taken away first. #}
{% macro in_place_of_what_stands(kind) %}
  {%- set standing = load_cached_relation(this) -%}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}
  {% if standing is not none and standing.type != kind %}
    {{ drop_relation_if_exists(standing) }}
  {% endif %}
  {%- set statement_text = caller() -%}
  {% call statement('main') %}
    {{ statement_text }}
  {% endcall %}
  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {{ adapter.commit() }}
{% endmacro %}

{% macro create_or_replace_table(relation, query) %}
  {%- if config.get('contract').enforced %}{{ get_assert_columns_equivalent(query) }}{% endif %}
  create or replace table {{ relation }} as
  {{ get_select_subquery(query) if config.get('contract').enforced else query }}
{% endmacro %}
