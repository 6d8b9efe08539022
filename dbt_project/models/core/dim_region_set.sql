with

listed as (select * from {{ source('raw', 'config_key_region_sets') }}),

counties as (select * from {{ ref('supervised_counties') }})

select
    region_set,
    name_zh,
    'set' as kind
from listed

union all

select
    'any_key_region' as region_set,
    '重点地区合计（不重复）' as name_zh,
    'union' as kind

union all

select
    region_code as region_set,
    name_zh,
    'county' as kind
from counties
