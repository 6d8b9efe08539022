{# Fails for every combination of `columns` that more than one row has. Null counts as a value of its own. #}
{% test unique_combination(model, columns) %}
select {{ columns | join(', ') }}, count(*) as rows_count
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
