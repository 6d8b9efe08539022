{# Fails for every combination of `columns` that more than one row has. Null counts as a value of its own.

   Only rows whose quick hash occurs twice are compared column by column: on tens of millions of rows the test would
   otherwise cost as much as building the table. #}
{% test unique_combination(model, columns) %}
with

hashed as (
    select
        {{ columns | join(', ') }},
        {{ quick_hash(columns) }} as key_hash
    from {{ model }}
),

repeated as (
    select key_hash
    from hashed
    group by key_hash
    having count(*) > 1
)

select
    {{ columns | join(', ') }},
    count(*) as rows_count
from hashed
where key_hash in (select key_hash from repeated)
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
