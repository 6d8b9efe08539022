-- Counts and money add up over provinces; persons of the nation lie between the largest province and the sum.
{%- set kinds = ['entitled', 'claimed', 'approved', 'rejected', 'paid', 'recovered'] -%}
{%- set amounts = ['unpaid', 'wrong_fund', 'unmatched'] %}
with

sums as (
    select
        period_start,
        scheme,
        fund
        {%- for kind in kinds %},
        sum({{ kind }}_count) filter (where row_kind = 'total') as {{ kind }}_count,
        sum({{ kind }}_count) filter (where row_kind = 'detail') as {{ kind }}_count_of_parts,
        sum({{ kind }}_amount_cny) filter (where row_kind = 'total') as {{ kind }}_amount_cny,
        sum({{ kind }}_amount_cny) filter (where row_kind = 'detail') as {{ kind }}_amount_cny_of_parts,
        sum({{ kind }}_persons) filter (where row_kind = 'total') as {{ kind }}_persons,
        max({{ kind }}_persons) filter (where row_kind = 'detail') as {{ kind }}_persons_of_largest,
        sum({{ kind }}_persons) filter (where row_kind = 'detail') as {{ kind }}_persons_of_parts
        {%- endfor %}
        {%- for amount in amounts %},
        sum({{ amount }}_amount_cny) filter (where row_kind = 'total') as {{ amount }}_amount_cny,
        sum({{ amount }}_amount_cny) filter (where row_kind = 'detail') as {{ amount }}_amount_cny_of_parts
        {%- endfor %},
        sum(overdue_claims_count) filter (where row_kind = 'total') as overdue_claims_count,
        sum(overdue_claims_count) filter (where row_kind = 'detail') as overdue_claims_count_of_parts
    from {{ ref('subsidy_progress') }}
    group by period_start, scheme, fund
)

select * from sums
where overdue_claims_count is distinct from overdue_claims_count_of_parts
    {%- for kind in kinds %}
    or {{ kind }}_count is distinct from {{ kind }}_count_of_parts
    or {{ kind }}_amount_cny is distinct from {{ kind }}_amount_cny_of_parts
    or {{ kind }}_persons not between {{ kind }}_persons_of_largest and {{ kind }}_persons_of_parts
    {%- endfor %}
    {%- for amount in amounts %}
    or {{ amount }}_amount_cny is distinct from {{ amount }}_amount_cny_of_parts
    {%- endfor %}
