with

seen as (
    select region_code from {{ ref('dim_region') }}
    union
    select region_code from {{ ref('fct_registration') }}
    union
    select region_code from {{ ref('fct_subsidy_payment') }}
),

prefixes as (select region_set, code_prefix from {{ ref('key_region_prefixes') }}),

counties as (select region_code from {{ ref('supervised_counties') }}),

by_rule as (
    select
        seen.region_code,
        prefixes.region_set
    from seen
    inner join prefixes on starts_with(seen.region_code, prefixes.code_prefix)

    union

    select
        region_code,
        'supervised_county' as region_set
    from counties

    union

    select
        region_code,
        region_code as region_set
    from counties
)

select
    region_code,
    region_set
from by_rule

union

select
    region_code,
    'any_key_region' as region_set
from by_rule
