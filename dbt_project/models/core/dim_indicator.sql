select
    indicator_code,
    name_zh,
    unit,
    is_recorded,
    is_stock,
    sort_order
from {{ ref('dispatch_indicators') }}
