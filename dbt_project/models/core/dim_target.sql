select
    target_code,
    province_code,
    target_value,
    unit,
    name_zh
from {{ source('raw', 'config_targets') }}
