with

payments as (select * from {{ ref('fct_subsidy_payment') }}),

certificates as (select * from {{ ref('fct_certificate') }}),

registrations as (
    select
        registration_sk,
        registration_id,
        platform_id,
        person_key,
        person_sk,
        is_counted,
        registered_at,
        registered_on
    from {{ ref('fct_registration') }}
),

projects as (select province_code, project_id from {{ ref('dim_training_project') }}),

candidates as (
    select
        payments.sender_id,
        payments.payment_id,
        registrations.registration_sk,
        row_number() over (
            partition by payments.sender_id, payments.payment_id order by registrations.platform_id
        ) as preference
    from payments
    inner join certificates on payments.certificate_no = certificates.certificate_no
    inner join registrations
        on certificates.registration_sk = registrations.registration_sk
        and payments.person_sk = registrations.person_sk
        and payments.person_key = registrations.person_key
    where payments.scheme = 'training'

    union all

    select
        payments.sender_id,
        payments.payment_id,
        registrations.registration_sk,
        row_number() over (
            partition by payments.sender_id, payments.payment_id
            order by registrations.registered_at, registrations.platform_id, registrations.registration_id
        ) as preference
    from payments
    inner join registrations
        on payments.person_sk = registrations.person_sk
        and payments.person_key = registrations.person_key
        and registrations.registered_on <= payments.claimed_on
    where payments.scheme = 'living_allowance' and registrations.is_counted
)

select
    payments.sender_id,
    payments.payment_id,
    payments.scheme,
    candidates.registration_sk,
    projects.project_id,
    case
        when payments.scheme in ('training', 'living_allowance') then candidates.registration_sk is not null
        else projects.project_id is not null
    end as is_matched
from payments
left join candidates
    on payments.sender_id = candidates.sender_id
    and payments.payment_id = candidates.payment_id
    and candidates.preference = 1
left join projects
    on payments.province_code = projects.province_code
    and payments.project_id = projects.project_id
    and payments.scheme in ('project_prepayment', 'project_settlement')
