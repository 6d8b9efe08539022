{# Fails for every combination of `columns` that more than one row has, and for every row without one of them.
   `nullable`: those of the columns that may be missing; a null is then a value of its own.

   One test for what a key is, in place of one for each of its columns. Only rows whose quick hash occurs twice are
   compared column by column: on tens of millions of rows the test would otherwise cost as much as building the table. #}
{% test primary_key(model, columns, nullable=[]) %}
{%- set is_incomplete = columns | reject('in', nullable) | join(' is null or ') ~ ' is null' -%}
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
where
    key_hash in (select key_hash from repeated)
    or {{ is_incomplete }}
group by {{ columns | join(', ') }}
having
    count(*) > 1
    or {{ is_incomplete }}
{% endtest %}
