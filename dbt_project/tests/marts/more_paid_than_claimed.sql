-- To date, a province can't have paid more than was claimed, nor taken back more than was paid. It is the senders'
-- bookkeeping, so it warns; claims from before the action are in no period and may be behind it.
{{ config(severity='warn') }}
with

to_date as (
    select
        province_code,
        scheme,
        fund,
        sum(claimed_amount_cny) as claimed_amount_cny,
        sum(paid_amount_cny) as paid_amount_cny,
        sum(recovered_amount_cny) as recovered_amount_cny
    from {{ ref('subsidy_progress') }}
    group by province_code, scheme, fund
)

select * from to_date
where paid_amount_cny > claimed_amount_cny or recovered_amount_cny > paid_amount_cny
