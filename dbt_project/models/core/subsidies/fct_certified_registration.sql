with

registrations as (select * from {{ ref('fct_registration') }}),

-- Of a registration whose certificates were all revoked none decides: it keeps its row, without an event
decided as (
    select
        registration_sk,
        case when not is_revoked then certificate_no end as certificate_no,
        case when not is_revoked then issued_at end as issued_at,
        case when not is_revoked then cast(issued_at as date) end as event_date,
        case when not is_revoked then class_hours end as class_hours,
        case when not is_revoked then cost_cny end as cost_cny,
        logged_microseconds
    from {{ ref('fct_decisive_certificate') }}
),

asked as (
    select distinct
        registrations.region_code,
        decided.event_date as day,
        registrations.course_grade as grade
    from decided
    inner join registrations on decided.registration_sk = registrations.registration_sk
    where decided.event_date is not null
),

{{ rule_for('training', 'asked') }},

{{ province_catalogues() }},

{{ first_penalties() }},

joined as (
    select
        registrations.registration_sk,
        registrations.platform_id,
        registrations.registration_id,
        registrations.person_sk,
        registrations.province_code,
        registrations.region_code,
        registrations.course_occupation_code as occupation_code,
        registrations.course_grade as grade,
        registrations.project_id,
        registrations.is_counted,
        registrations.completed_at is not null as is_completed,
        decided.certificate_no,
        decided.issued_at,
        decided.event_date,
        decided.class_hours,
        decided.cost_cny,
        decided.logged_microseconds,
        rule_for.rule_id,
        rule_for.measure,
        rule_for.amount_cny as rule_amount_cny,
        rule_for.share as rule_share,
        rule_for.cap_cny,
        rule_for.cap_basis,
        rule_for.min_class_hours,
        rule_for.hours_tolerance_share,
        rule_for.max_times_per_year,
        rule_for.fund,
        institution_catalogues.province_code is not null as has_institution_catalogue,
        project_catalogues.province_code is not null as has_project_catalogue,
        least(first_platform_penalty.decided_on, first_person_penalty.decided_on) as first_penalty_on
    from decided
    inner join registrations on decided.registration_sk = registrations.registration_sk
    left join rule_for
        on registrations.region_code = rule_for.region_code
        and decided.event_date = rule_for.day
        and registrations.course_grade is not distinct from rule_for.asked_grade
    left join institution_catalogues on registrations.province_code = institution_catalogues.province_code
    left join project_catalogues on registrations.province_code = project_catalogues.province_code
    left join first_platform_penalty on registrations.platform_id = first_platform_penalty.platform_id
    left join first_person_penalty on registrations.person_sk = first_person_penalty.person_sk
),

{{ catalogue_listings('joined') }},

{{ unaffected_enterprises('joined') }}

select
    joined.registration_sk,
    joined.platform_id,
    joined.registration_id,
    joined.person_sk,
    joined.province_code,
    joined.occupation_code,
    joined.grade,
    joined.project_id,
    joined.certificate_no,
    joined.issued_at,
    joined.event_date,
    joined.rule_id,
    joined.fund,
    joined.cap_cny,
    joined.cap_basis,
    joined.max_times_per_year,
    not joined.is_counted as is_not_counted,
    not joined.is_completed as is_not_completed,
    coalesce(joined.class_hours < joined.min_class_hours, false) as is_hours_below_minimum,
    -- class hours × 45 min ≤ (1 + tolerance) × study, in microseconds
    coalesce(
        joined.class_hours * {{ class_hour_microseconds() }}
        > (1 + coalesce(joined.hours_tolerance_share, 0)) * joined.logged_microseconds,
        false
    ) as is_hours_not_logged,
    joined.event_date is not null and (
        (joined.has_institution_catalogue and not coalesce(in_catalogue.is_platform_listed, false))
        or (joined.has_project_catalogue and not coalesce(in_catalogue.is_project_listed, false))
    ) as is_not_in_catalogue,
    coalesce(joined.first_penalty_on <= joined.event_date, false) as is_under_penalty,
    joined.event_date is not null and joined.rule_id is null as is_without_rule,
    coalesce(joined.measure = 'share_of_cost' and joined.cost_cny is null, false) as is_cost_unknown,
    coalesce(unaffected.is_not_affected, false) as is_not_affected,
    cast(round(
        case joined.measure
            when 'per_certificate' then joined.rule_amount_cny
            when 'per_class_hour' then joined.rule_amount_cny * joined.class_hours
            when 'share_of_cost' then joined.rule_share * joined.cost_cny
        end, 2
    ) as decimal(18, 2)) as full_amount_cny
from joined
left join in_catalogue on joined.registration_sk = in_catalogue.registration_sk
left join unaffected on joined.registration_sk = unaffected.registration_sk
