-- A person of several key regions is one in their union, and each supervised county is part of the set of them all.
with

support as (
    select support.*, sets.kind
    from {{ ref('key_region_support') }} as support
    inner join {{ ref('dim_region_set') }} as sets on support.region_set = sets.region_set
),

compared as (
    select
        period_start,
        max(learners) filter (where kind = 'union') as union_learners,
        max(learners) filter (where kind = 'set') as largest_learners,
        sum(learners) filter (where kind = 'set') as summed_learners,
        sum(registrations) filter (where kind = 'county') as county_registrations,
        sum(registrations) filter (where region_set = 'supervised_county') as supervised_registrations,
        sum(paid_amount_cny) filter (where kind = 'county') as county_paid,
        sum(paid_amount_cny) filter (where region_set = 'supervised_county') as supervised_paid
    from support
    group by period_start
)

select * from compared
where union_learners not between largest_learners and summed_learners
    or county_registrations is distinct from supervised_registrations
    or county_paid is distinct from supervised_paid
