with

registrations as (select * from {{ ref('fct_registration') }}),

certificates as (
    select
        *,
        row_number() over (
            partition by registration_sk
            order by case when is_revoked then 1 else 0 end, issued_at, certificate_no
        ) as preference
    from {{ ref('fct_certificate') }}
),

-- Of a registration whose certificates were all revoked none decides: it keeps its row, without an event
decided as (
    select
        registration_sk,
        case when not is_revoked then certificate_no end as certificate_no,
        case when not is_revoked then issued_at end as issued_at,
        case when not is_revoked then cast(issued_at as date) end as event_date,
        case when not is_revoked then class_hours end as class_hours,
        case when not is_revoked then cost_cny end as cost_cny
    from certificates
    where preference = 1
),

logged as (
    select
        decided.registration_sk,
        sum({{ microseconds_between('intervals.started_at', 'least(intervals.ended_at, decided.issued_at)') }})
            as study_microseconds
    from decided
    inner join {{ ref('fct_study_interval') }} as intervals
        on decided.registration_sk = intervals.registration_sk
        and intervals.started_at < decided.issued_at
    group by decided.registration_sk
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

institutions as (select * from {{ ref('dim_institution') }}),

projects as (select * from {{ ref('dim_training_project') }}),

-- A province's catalogue binds once its bureau has sent one
institution_catalogues as (select distinct province_code from institutions),

project_catalogues as (select distinct province_code from projects),

listed_platforms as (
    select
        province_code,
        platform_id,
        valid_from,
        coalesce(valid_to, date '9999-12-31') as valid_to
    from institutions
    where platform_id is not null
),

listed_projects as (
    select
        province_code,
        occupation_code,
        grade,
        starts_on,
        coalesce(ends_on, date '9999-12-31') as ends_on
    from projects
    where kind = 'catalogue'
),

penalties as (select * from {{ ref('fct_penalty') }}),

-- A penalty on an institution falls on the platform it runs
platform_penalties as (
    select
        subject_id as platform_id,
        decided_on
    from penalties
    where subject_kind = 'platform'

    union all

    select
        institutions.platform_id,
        penalties.decided_on
    from penalties
    inner join institutions on penalties.subject_id = institutions.institution_uscc
    where penalties.subject_kind = 'institution' and institutions.platform_id is not null
),

first_platform_penalty as (
    select
        platform_id,
        min(decided_on) as decided_on
    from platform_penalties
    group by platform_id
),

first_person_penalty as (
    select
        person_sk,
        min(decided_on) as decided_on
    from penalties
    where subject_kind = 'person'
    group by person_sk
),

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
        coalesce(logged.study_microseconds, 0) as study_microseconds,
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
    left join logged on decided.registration_sk = logged.registration_sk
    left join rule_for
        on registrations.region_code = rule_for.region_code
        and decided.event_date = rule_for.day
        and registrations.course_grade is not distinct from rule_for.asked_grade
    left join institution_catalogues on registrations.province_code = institution_catalogues.province_code
    left join project_catalogues on registrations.province_code = project_catalogues.province_code
    left join first_platform_penalty on registrations.platform_id = first_platform_penalty.platform_id
    left join first_person_penalty on registrations.person_sk = first_person_penalty.person_sk
),

in_catalogue as (
    select
        joined.registration_sk,
        bool_or(listed_platforms.platform_id is not null) as is_platform_listed,
        bool_or(listed_projects.province_code is not null) as is_project_listed
    from joined
    left join listed_platforms
        on joined.province_code = listed_platforms.province_code
        and joined.platform_id = listed_platforms.platform_id
        and joined.event_date between listed_platforms.valid_from and listed_platforms.valid_to
    left join listed_projects
        on joined.province_code = listed_projects.province_code
        and joined.occupation_code = listed_projects.occupation_code
        and (listed_projects.grade is null or joined.grade = listed_projects.grade)
        and joined.event_date between listed_projects.starts_on and listed_projects.ends_on
    where joined.has_institution_catalogue or joined.has_project_catalogue
    group by joined.registration_sk
),

-- Project numbers are each bureau's own: where two bureaus use one, a registration belongs to its province's
project_numbers as (
    select project_id, count(*) as senders_count from projects where kind <> 'catalogue' group by project_id
),

-- Enterprise online training is subsidised where the epidemic hit the enterprise
unaffected as (
    select
        joined.registration_sk,
        bool_and(not coalesce(projects.affected_by_epidemic, false)) as is_not_affected
    from joined
    inner join projects on joined.project_id = projects.project_id
    inner join project_numbers on projects.project_id = project_numbers.project_id
    where
        projects.kind = 'enterprise_online'
        and (project_numbers.senders_count = 1 or projects.province_code = joined.province_code)
    group by joined.registration_sk
)

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
        > (1 + coalesce(joined.hours_tolerance_share, 0)) * joined.study_microseconds,
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
