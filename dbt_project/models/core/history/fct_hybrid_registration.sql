with

states as (select * from {{ ref('fct_hybrid_state') }}),

platforms as (select * from {{ ref('stg_platform_history') }}),

regions as (select region_code, province_code, valid_from, valid_to from {{ ref('dim_region') }})

select
    states.comparison_id,
    states.step_number,
    states.registration_sk,
    states.last_step,
    states.holds_before,
    states.person_sk,
    states.declared_groups,
    states.registered_on,
    case
        when {{ is_corps('states.region_code') }} then '660000'
        else coalesce(regions.province_code, '990000')
    end as province_code
from states
inner join platforms
    on states.platform_id = platforms.platform_id
    and platforms.known_from <= states.rule_moment
    and platforms.known_to > states.rule_moment
    and states.registered_on between platforms.selected_from and coalesce(platforms.selected_to, states.registered_on)
left join regions
    on states.region_code = regions.region_code
    and (regions.valid_from is null or states.registered_on >= regions.valid_from)
    and (regions.valid_to is null or states.registered_on <= regions.valid_to)
