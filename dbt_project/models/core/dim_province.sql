select
    province_code,
    province_name_zh,
    has_bureau,
    sort_order
from {{ ref('provinces') }}
