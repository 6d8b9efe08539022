with

projects as (
    select * from {{ ref('dim_training_project') }}
    -- a catalogue entry is an offer, not an enterprise's project
    where kind <> 'catalogue'
),

clock as (select clock, clock_day from {{ ref('dim_campaign') }}),

-- Up to the clock, as in every mart: what bears a later date has not happened yet
registrations as (
    select
        registrations.project_id, registrations.province_code, registrations.person_sk,
        coalesce(registrations.completed_at <= clock.clock, false) as is_completed
    from {{ ref('fct_registration') }} as registrations
    cross join clock
    where registrations.is_counted and registrations.project_id is not null and registrations.registered_at <= clock.clock
),

-- Project numbers are each bureau's own: where two bureaus use one, a registration belongs to its province's
senders as (
    select project_id, count(*) as senders_count from projects group by project_id
),

learners as (
    select
        projects.province_code,
        projects.project_id,
        count(distinct registrations.person_sk) as registered_learners,
        count(distinct registrations.person_sk) filter (where registrations.is_completed) as completed_learners
    from projects
    inner join senders on projects.project_id = senders.project_id
    inner join registrations
        on projects.project_id = registrations.project_id
        and (senders.senders_count = 1 or projects.province_code = registrations.province_code)
    group by projects.province_code, projects.project_id
),

payments as (
    select
        province_code,
        project_id,
        sum(amount_cny) filter (where scheme = 'project_prepayment') as prepaid_amount_cny,
        sum(amount_cny) filter (where scheme = 'project_settlement') as settled_amount_cny
    from {{ ref('fct_subsidy_payment') }}
    cross join clock
    -- what was recovered is no longer with the enterprise
    where status = 'paid' and coalesce(paid_on, clock.clock_day) <= clock.clock_day
    group by province_code, project_id
),

asked as (
    select distinct region_code, starts_on as day, grade from projects
),

{{ rule_for('project_prepayment', 'asked') }},

accounted as (
    select
        projects.*,
        coalesce(learners.registered_learners, 0) as registered_learners,
        coalesce(learners.completed_learners, 0) as completed_learners,
        coalesce(payments.prepaid_amount_cny, 0) as prepaid_amount_cny,
        coalesce(payments.settled_amount_cny, 0) as settled_amount_cny,
        rule_for.max_prepaid_share,
        clock.clock_day,
        coalesce({{ cny_share_of(
            'projects.planned_amount_cny',
            'least(coalesce(learners.completed_learners, 0), projects.planned_learners)',
            'projects.planned_learners'
        ) }}, 0) as earned_amount_cny
    from projects
    cross join clock
    left join learners
        on projects.province_code = learners.province_code
        and projects.project_id = learners.project_id
    left join payments
        on projects.province_code = payments.province_code
        and projects.project_id = payments.project_id
    left join rule_for
        on projects.region_code = rule_for.region_code
        and projects.starts_on = rule_for.day
        and projects.grade is not distinct from rule_for.asked_grade
)

select
    province_code,
    project_id,
    name as project_name,
    kind as project_kind,
    {{ label_zh('project_kind', 'kind') }} as project_kind_name_zh,
    enterprise_uscc,
    starts_on,
    ends_on,
    coalesce(affected_by_epidemic, false) as is_affected_by_epidemic,
    coalesce(planned_learners, 0) as planned_learners,
    registered_learners,
    completed_learners,
    coalesce(planned_amount_cny, 0) as planned_amount_cny,
    cast(prepaid_amount_cny as decimal(18, 2)) as prepaid_amount_cny,
    {{ share_of('prepaid_amount_cny', 'planned_amount_cny') }} as prepaid_share,
    cast(earned_amount_cny as decimal(18, 2)) as earned_amount_cny,
    cast(settled_amount_cny as decimal(18, 2)) as settled_amount_cny,
    cast(greatest(earned_amount_cny - prepaid_amount_cny - settled_amount_cny, 0) as decimal(18, 2)) as to_settle_amount_cny,
    cast(
        case when ends_on < clock_day then greatest(prepaid_amount_cny - earned_amount_cny, 0) else 0 end as decimal(18, 2)
    ) as to_recover_amount_cny,
    list_filter([
        case
            when prepaid_amount_cny > coalesce(max_prepaid_share, 0) * coalesce(planned_amount_cny, 0) then 'prepayment_over_share'
        end,
        case when prepaid_amount_cny > 0 and not coalesce(affected_by_epidemic, false) then 'not_affected' end
    ], lambda reason: reason is not null) as reasons
from accounted
