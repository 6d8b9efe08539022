with

registrations as (
    select registration_sk, platform_id, registration_id, person_sk, region_code, course_grade, project_id, registered_at
    from {{ ref('fct_registration') }}
    where is_counted
),

{{ allowance_groups() }},

eligibility as (
    select
        rosters.person_sk,
        rosters.group_code,
        allowance_groups.is_of_notice,
        rosters.valid_from,
        coalesce(rosters.valid_to, date '9999-12-31') as valid_to
    from {{ ref('fct_eligibility') }} as rosters
    inner join allowance_groups on rosters.group_code = allowance_groups.group_code
),

{{ studied_days('registrations', 'eligibility') }},

asked as (select distinct region_code, day, grade from by_registration where preference = 1),

{{ rule_for('living_allowance', 'asked') }},

judged as (
    select
        person_days.person_sk,
        person_days.day,
        by_registration.registration_sk,
        by_registration.project_id,
        rule_for.rule_id,
        rule_for.amount_cny,
        rule_for.max_days,
        rule_for.cap_cny,
        rule_for.cap_basis,
        rule_for.fund,
        coalesce(
            person_days.study_microseconds >= coalesce(rule_for.min_study_hours_per_day, 0) * {{ hour_microseconds() }}, false
        ) as is_long_enough,
        exists(
            select 1
            from eligibility
            where
                eligibility.person_sk = person_days.person_sk
                and person_days.day between eligibility.valid_from and eligibility.valid_to
        ) as is_on_roster,
        exists(
            select 1
            from eligibility
            where
                eligibility.person_sk = person_days.person_sk
                and person_days.day between eligibility.valid_from and eligibility.valid_to
                and (
                    (rule_for.eligible_group_codes is null and eligibility.is_of_notice)
                    or list_contains({{ split_list('rule_for.eligible_group_codes') }}, eligibility.group_code)
                )
        ) as is_eligible
    from person_days
    inner join by_registration
        on person_days.person_sk = by_registration.person_sk
        and person_days.day = by_registration.day
        and by_registration.preference = 1
    left join rule_for
        on by_registration.region_code = rule_for.region_code
        and by_registration.day = rule_for.day
        and by_registration.grade is not distinct from rule_for.asked_grade
),

earned as (
    select
        *,
        rule_id is not null and is_long_enough and is_eligible as is_earned
    from judged
),

numbered as (
    select
        *,
        {{ earlier_limits('before') }} as earlier_limits
    from earned
    window before as (
        partition by person_sk, year(day) order by day rows between unbounded preceding and 1 preceding
    )
),

within_days as (
    select
        *,
        -- Days that are paid use the year's limit up, whichever rule pays them
        is_earned and {{ days_used('earlier_limits') }} < {{ day_limit() }} as is_credited
    from numbered
),

accounted as (
    select
        *,
        {{ earlier_claims('amount_cny', 'is_credited', 'before') }} as earlier_claims
    from within_days
    window before as (
        partition by person_sk, {{ cap_account('year(day)') }}
        order by day
        rows between unbounded preceding and 1 preceding
    )
)

select
    person_sk,
    day,
    registration_sk,
    rule_id,
    fund,
    is_on_roster,
    is_eligible,
    is_long_enough,
    is_earned,
    is_credited,
    cast(case when is_credited then amount_cny else 0 end as decimal(18, 2)) as full_amount_cny,
    cast(
        case when is_credited then {{ under_cap('amount_cny', 'cap_cny', taken_of('earlier_claims')) }} else 0 end as decimal(18, 2)
    ) as credited_amount_cny
from accounted
