with

reports as (select * from {{ ref('stg_dispatch_reports') }})

select
    province_code,
    period_start,
    cast(version as integer) as version,
    indicator_code,
    this_period,
    cumulative,
    filed_at,
    row_number() over (
        partition by province_code, period_start, indicator_code order by version desc
    ) = 1 as is_current,
    ledger_sequence
from reports
