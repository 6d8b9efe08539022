with

comparisons as (select * from {{ ref('fct_known_comparison') }}),

payments as (
    select
        *,
        -- Whom a distinct count would count, else the payment itself
        case
            when scheme = 'project_prepayment' and project_id is not null then 'project ' || project_id
            when scheme <> 'project_prepayment' and person_sk is not null then 'person ' || person_sk
            else 'payment ' || payment_id
        end as subject
    from {{ ref('stg_payment_history') }}
    where scheme in ('training', 'living_allowance', 'project_prepayment')
),

-- Payees between whom a payment was moved
entangled as (
    select distinct payments.subject
    from payments
    inner join (
        select province_code, payment_id from payments group by province_code, payment_id having count(distinct subject) > 1
    ) as moved using (province_code, payment_id)
),

changed as (
    select
        comparisons.comparison_id, payments.province_code, payments.payment_id,
        bool_and(payments.known_from = payments.first_known_at) as is_late_only
    from comparisons
    inner join payments
        on coalesce(comparisons.province_code, payments.province_code) = payments.province_code
        and (
            (payments.known_from > comparisons.from_at and payments.known_from <= comparisons.to_at)
            -- Dated ahead: known, and not paid yet
            or (payments.known_from <= comparisons.from_at and payments.paid_on > cast(comparisons.clock_from as date))
        )
        and payments.earliest_at <= comparisons.period_end
    group by comparisons.comparison_id, payments.province_code, payments.payment_id
),

affected_subjects as (
    select
        changed.comparison_id, payments.subject,
        bool_and(changed.is_late_only) and payments.subject not in (select subject from entangled) as is_late_only
    from changed
    inner join payments on changed.province_code = payments.province_code and changed.payment_id = payments.payment_id
    group by changed.comparison_id, payments.subject
),

affected as (
    select
        affected_subjects.comparison_id, payments.province_code, payments.payment_id,
        -- Of whom everything only came later the first step is the last, and of money the third
        max(case when affected_subjects.is_late_only then 1 else 3 end) as last_step
    from affected_subjects
    inner join comparisons on affected_subjects.comparison_id = comparisons.comparison_id
    inner join payments
        on affected_subjects.subject = payments.subject
        and coalesce(comparisons.province_code, payments.province_code) = payments.province_code
        and payments.earliest_at <= comparisons.period_end
    group by affected_subjects.comparison_id, payments.province_code, payments.payment_id
),

steps as (
    select
        comparisons.*, affected.province_code as paid_by, affected.payment_id, affected.last_step,
        {{ each_step('affected.last_step') }} as step_number
    from affected
    inner join comparisons on affected.comparison_id = comparisons.comparison_id
),

hybrids as (
    select
        steps.comparison_id,
        steps.step_number,
        steps.last_step,
        steps.paid_by as province_code,
        steps.payment_id,
        {{ from_step('correction', 'scheme') }} as scheme,
        {{ from_step('correction', 'payee_kind') }} as payee_kind,
        {{ from_step('correction', 'person_sk') }} as person_sk,
        {{ from_step('correction', 'project_id') }} as project_id,
        {{ from_step('correction', 'amount_cny') }} as amount_cny,
        -- A claim that goes its way is corrected, one that is rejected is cancelled, and its day of payment with it
        case
            when later.status = 'rejected' then {{ from_step('cancellation', 'paid_on') }}
            else {{ from_step('correction', 'paid_on') }}
        end as paid_on,
        case
            when later.status = 'rejected' then {{ from_step('cancellation', 'status') }}
            else {{ from_step('correction', 'status') }}
        end as status,
        cast({{ moment_of_step('late_arrival', 'clock_from', 'clock_to') }} as date) as clock_day
    from steps
    inner join payments as earlier
        on steps.paid_by = earlier.province_code
        and steps.payment_id = earlier.payment_id
        and {{ is_known_before('earlier') }}
    inner join payments as later
        on steps.paid_by = later.province_code
        and steps.payment_id = later.payment_id
        and {{ is_known_after('later') }}
    where {{ had_come() }}
)

select
    comparison_id, step_number, last_step, province_code, payment_id, scheme, payee_kind, person_sk, project_id,
    cast(amount_cny as decimal(18, 2)) as amount_cny, paid_on
from hybrids
where status in ('paid', 'recovered') and paid_on <= clock_day
