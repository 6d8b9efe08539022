with

groups as (select * from {{ ref('key_groups') }})

select
    group_code,
    group_code as rolled_group_code
from groups

union all

select
    group_code,
    rolls_up_to as rolled_group_code
from groups
where rolls_up_to is not null

union all

select
    group_code,
    'any_key_group' as rolled_group_code
from groups
where is_key_group
