-- What a due time knew is where the next one begins, and the parts of a change are the change
with

chained as (
    select
        *,
        lag(value) over (
            partition by period_start, province_code, indicator_code, measure order by dispatch_at
        ) as value_until_then,
        lag(dispatch_at) over (
            partition by period_start, province_code, indicator_code, measure order by dispatch_at
        ) as dispatch_until_then
    from {{ ref('restatement') }}
)

select *
from chained
where value <> value_before + delta
    or delta <> late_arrival_delta + correction_delta + cancellation_delta + verification_delta
        + recoding_delta + roster_delta + rule_delta
    or (dispatch_until_then = previous_dispatch_at and value_until_then <> value_before)
