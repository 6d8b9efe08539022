with

campaign as (select clock from {{ ref('dim_campaign') }}),

periods as (select period_start, is_complete from {{ ref('dim_period') }} where is_begun),

days as (select day, period_start from {{ ref('dim_day') }}),

provinces as (select province_code, province_name_zh from {{ ref('dim_province') }}),

key_groups as (select group_code, name_zh from {{ ref('dim_group') }}),

-- Declared or confirmed group × counted registration; groups overlap, so a registration has several rows
members as (
    select
        memberships.registration_sk,
        memberships.group_code,
        memberships.is_declared,
        memberships.is_confirmed,
        registrations.person_sk,
        registrations.province_code,
        registrations.period_start,
        case when registrations.completed_at <= campaign.clock then registrations.completed_period_start end
            as completed_period_start
    from {{ ref('fct_registration_group') }} as memberships
    inner join {{ ref('fct_registration') }} as registrations on memberships.registration_sk = registrations.registration_sk
    cross join campaign
    where registrations.is_counted and registrations.registered_at <= campaign.clock
),

registered as (
    select
        period_start,
        {{ province_or_nation() }} as province_code,
        group_code,
        count(*) filter (where is_declared) as declared_registrations,
        count(*) filter (where is_confirmed) as confirmed_registrations,
        count(distinct person_sk) filter (where is_declared) as declared_persons,
        count(distinct person_sk) filter (where is_confirmed) as confirmed_persons
    from members
    group by period_start, group_code, cube (province_code)
),

completed as (
    select
        completed_period_start as period_start,
        {{ province_or_nation() }} as province_code,
        group_code,
        count(distinct person_sk) as completed_persons
    from members
    where completed_period_start is not null
    group by completed_period_start, group_code, cube (province_code)
),

study as (
    select learning.registration_sk, days.period_start, sum(learning.study_seconds) as study_seconds
    from {{ ref('fct_learning_day') }} as learning
    inner join days on learning.day = days.day
    where learning.study_seconds > 0
    group by all
),

studied as (
    select
        study.period_start,
        {{ province_or_nation('members.province_code') }} as province_code,
        members.group_code,
        sum(study.study_seconds) as study_seconds
    from study
    inner join members on study.registration_sk = members.registration_sk
    group by study.period_start, members.group_code, cube (members.province_code)
),

confirmed_members as (select distinct person_sk, group_code from members where is_confirmed),

-- An allowance counts where it was paid, whatever province the person registered from
supported as (
    select
        days.period_start,
        {{ province_or_nation('payments.province_code') }} as province_code,
        confirmed_members.group_code,
        count(distinct payments.person_sk) as allowance_persons
    from {{ ref('fct_subsidy_payment') }} as payments
    inner join days on payments.paid_on = days.day
    inner join confirmed_members on payments.person_sk = confirmed_members.person_sk
    where payments.scheme = 'living_allowance'
    group by days.period_start, confirmed_members.group_code, cube (payments.province_code)
),

joined as (
    select
        period_start,
        province_code,
        group_code,
        coalesce(registered.declared_registrations, 0) as declared_registrations,
        coalesce(registered.confirmed_registrations, 0) as confirmed_registrations,
        coalesce(registered.declared_persons, 0) as declared_persons,
        coalesce(registered.confirmed_persons, 0) as confirmed_persons,
        coalesce(completed.completed_persons, 0) as completed_persons,
        {{ study_hours('coalesce(studied.study_seconds, 0)') }} as study_hours,
        coalesce(supported.allowance_persons, 0) as allowance_persons
    from registered
    full outer join completed using (period_start, province_code, group_code)
    full outer join studied using (period_start, province_code, group_code)
    full outer join supported using (period_start, province_code, group_code)
)

select
    joined.period_start,
    joined.province_code,
    provinces.province_name_zh,
    joined.group_code,
    key_groups.name_zh as group_name_zh,
    {{ row_kind('joined.province_code') }} as row_kind,
    periods.is_complete,
    cast(joined.declared_registrations as bigint) as declared_registrations,
    cast(joined.confirmed_registrations as bigint) as confirmed_registrations,
    cast(joined.declared_persons as bigint) as declared_persons,
    cast(joined.confirmed_persons as bigint) as confirmed_persons,
    cast(joined.completed_persons as bigint) as completed_persons,
    joined.study_hours,
    cast(joined.allowance_persons as bigint) as allowance_persons
from joined
inner join periods on joined.period_start = periods.period_start
left join provinces on joined.province_code = provinces.province_code
left join key_groups on joined.group_code = key_groups.group_code
where joined.declared_registrations + joined.confirmed_registrations + joined.completed_persons
    + joined.study_hours + joined.allowance_persons > 0
