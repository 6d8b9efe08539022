with

{{ supervision_parameters('working_age', ['min_age', 'max_age_men', 'max_age_women']) }},

aged as (
    select
        *,
        year(registered_on) - birth_year as age
    from {{ ref('fct_registration') }}
    where is_counted and birth_year is not null and sex is not null
),

evidence as (
    select
        {{ named_within('aged.platform_id', 'aged.registration_id') }} as subject_id,
        aged.registered_at as first_at,
        aged.registered_at as last_at,
        aged.registration_id as evidence_id,
        aged.platform_id as sender_id,
        aged.registered_at as happened_at,
        aged.registration_sk,
        aged.person_sk,
        aged.platform_id,
        cast(null as varchar) as institution_uscc,
        false as is_withdrawn
    from aged
    cross join parameters
    where
        aged.age < parameters.min_age
        or aged.age > case aged.sex when 'male' then parameters.max_age_men else parameters.max_age_women end
),

{{ claims_of_registrations() }},

{{ signals('working_age', 'registration') }}
