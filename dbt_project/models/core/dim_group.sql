select
    group_code,
    name_zh,
    is_key_group,
    is_living_allowance_eligible
from {{ ref('key_groups') }}

union all

select
    'any_key_group' as group_code,
    '重点群体合计（不重复）' as name_zh,
    true as is_key_group,
    false as is_living_allowance_eligible
