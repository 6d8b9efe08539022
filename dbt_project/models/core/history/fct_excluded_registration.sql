-- What a filing of the province may have counted though the rules leave it out, as known when it was filed
with

comparisons as (select * from {{ ref('fct_known_comparison') }} where purpose = 'bridge'),

campaign as (select first_day, last_day from {{ ref('dim_campaign') }}),

registrations as (
    select *, cast(registered_at as date) as registered_on from {{ ref('stg_registration_history') }}
),

platforms as (select * from {{ ref('stg_platform_history') }}),

regions as (select region_code, province_code, valid_from, valid_to from {{ ref('dim_region') }}),

placed as (
    select
        registrations.*,
        case
            when {{ is_corps('registrations.region_code') }} then '660000'
            else coalesce(regions.province_code, '990000')
        end as province_code
    from registrations
    inner join campaign on registrations.registered_on between campaign.first_day and campaign.last_day
    left join regions
        on registrations.region_code = regions.region_code
        and (regions.valid_from is null or registrations.registered_on >= regions.valid_from)
        and (regions.valid_to is null or registrations.registered_on <= regions.valid_to)
),

-- A platform's versions one after the other; a registration on a platform that nobody selected has none
judged as (
    select
        placed.registration_sk,
        placed.province_code,
        placed.registered_on,
        greatest(placed.known_from, platforms.known_from) as known_from,
        least(placed.known_to, platforms.known_to) as known_to,
        platforms.selected_by,
        placed.status = 'active' as is_active,
        placed.real_name_status = 'verified' as is_verified,
        placed.registered_on between platforms.selected_from
        and coalesce(platforms.selected_to, placed.registered_on) as is_selected
    from placed
    inner join platforms on placed.platform_id = platforms.platform_id
),

excluded as (
    select
        *,
        case
            when is_active and is_selected and not is_verified then 'unverified'
            when is_verified and is_selected and not is_active then 'cancelled'
            when is_active and is_verified and not is_selected then 'unselected_platform'
        end as excluded_class,
        province_code as claimed_by
    from judged

    union all

    select *, 'other_province', selected_by
    from judged
    where is_active and is_verified and is_selected and selected_by <> province_code
)

select
    comparisons.comparison_id,
    comparisons.period_start,
    comparisons.province_code,
    comparisons.from_at,
    excluded.excluded_class,
    count(*) filter (where excluded.registered_on >= comparisons.period_start) as this_period,
    count(*) as cumulative
from excluded
inner join comparisons
    on excluded.claimed_by = comparisons.province_code
    and excluded.registered_on between comparisons.first_day and comparisons.period_end
    and excluded.known_from <= comparisons.from_at
    and excluded.known_to > comparisons.from_at
where excluded.excluded_class is not null
group by
    comparisons.comparison_id, comparisons.period_start, comparisons.province_code, comparisons.from_at,
    excluded.excluded_class
