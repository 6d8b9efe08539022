select
    region_code,
    name_zh,
    level,
    valid_from,
    valid_to,
    {{ province_of_code('region_code') }} as province_code
from {{ ref('regions') }}
