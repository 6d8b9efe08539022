with

registrations as (
    select
        registration_sk,
        person_sk,
        registered_on,
        declared_groups
    from {{ ref('fct_registration') }}
),

rolled as (select group_code, rolled_group_code from {{ ref('bridge_group') }}),

declared as (
    select
        registration_sk,
        {{ each_element('declared_groups') }} as group_code
    from registrations
),

confirmed as (
    select
        registrations.registration_sk,
        eligibility.group_code
    from registrations
    inner join {{ ref('fct_eligibility') }} as eligibility
        on registrations.person_sk = eligibility.person_sk
        and registrations.registered_on >= eligibility.valid_from
        and (eligibility.valid_to is null or registrations.registered_on <= eligibility.valid_to)
),

claims as (
    select
        registration_sk,
        group_code,
        true as is_declared
    from declared

    union all

    select
        registration_sk,
        group_code,
        false as is_declared
    from confirmed
)

select
    claims.registration_sk,
    rolled.rolled_group_code as group_code,
    bool_or(claims.is_declared) as is_declared,
    bool_or(not claims.is_declared) as is_confirmed
from claims
inner join rolled on claims.group_code = rolled.group_code
group by claims.registration_sk, rolled.rolled_group_code
