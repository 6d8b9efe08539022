{#- The order is the bridge's: each class of change is applied to the state that the one before left -#}
{%- set classes = ['late_arrival', 'correction', 'cancellation', 'verification', 'recoding', 'roster', 'rule'] -%}
select 0 as step_number, 'known_before' as step
{%- for class in classes %}
union all
select {{ loop.index }}, '{{ class }}'
{%- endfor %}
