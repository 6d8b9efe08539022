{# CTE `summed`: what adds up over provinces, of each kind, group and period that has any; provinces and the nation. Needs the
   CTE `days`. #}
{% macro dispatch_sums(counted, registered, paid) %}
-- What adds up: over provinces, and over periods to what there is to date
sums as (
    select 'registrations' as kind, group_suffix, period_start, province_code, count(*) as quantity
    from {{ registered }}
    group by group_suffix, period_start, province_code
    union all
    select 'completed', '', completed_period_start, province_code, count(*)
    from {{ counted }} as counted
    where completed_at <= clock
    group by completed_period_start, province_code
    union all
    select 'certificates', '', days.period_start, counted.province_code, count(*)
    from {{ ref('fct_certificate') }} as certificates
    inner join {{ counted }} as counted on certificates.registration_sk = counted.registration_sk
    inner join days on cast(certificates.issued_at as date) = days.day
    where not certificates.is_revoked and certificates.issued_at <= counted.clock
    group by days.period_start, counted.province_code
    union all
    select
        case scheme
            when 'training' then 'training_subsidy_amount_cny'
            when 'living_allowance' then 'living_allowance_amount_cny'
            when 'project_prepayment' then 'prepaid_amount_cny'
        end,
        '', period_start, province_code, sum(amount_cny)
    from {{ paid }}
    where scheme in ('training', 'living_allowance', 'project_prepayment')
    group by scheme, period_start, province_code
    union all
    select 'penalties', '', days.period_start, penalties.province_code, count(*)
    from {{ ref('fct_penalty') }} as penalties
    inner join days on penalties.decided_on = days.day
    group by days.period_start, penalties.province_code
),

summed as (
    select kind, group_suffix, period_start, {{ province_or_nation() }} as province_code, sum(quantity) as this_period
    from sums
    group by kind, group_suffix, period_start, cube (province_code)
)
{% endmacro %}

{# CTEs `present`, whoever and whatever is counted once in a period, and `newcomers`, those of them that were in none before. #}
{% macro dispatch_subjects(registered, paid) %}
-- What is counted anew in every total: persons, projects
subjects as (
    select 'learners' as kind, group_suffix, period_start, province_code, person_sk as subject
    from {{ registered }}
    union all
    select case scheme when 'training' then 'training_subsidy_persons' else 'living_allowance_persons' end,
        '', period_start, province_code, person_sk
    from {{ paid }}
    where scheme in ('training', 'living_allowance') and person_sk is not null
    union all
    select 'prepaid_projects', '', period_start, province_code, project_rank
    from {{ paid }}
    where scheme = 'project_prepayment' and project_id is not null
),

present as (
    select
        kind, group_suffix, period_start, {{ province_or_nation() }} as province_code,
        count(distinct subject) as this_period
    from subjects
    group by kind, group_suffix, period_start, cube (province_code)
),

first_appearances as (
    select kind, group_suffix, {{ province_or_nation() }} as province_code, min(period_start) as period_start
    from subjects
    group by kind, group_suffix, subject, cube (province_code)
),

newcomers as (
    select kind, group_suffix, period_start, province_code, count(*) as newcomers
    from first_appearances
    group by kind, group_suffix, period_start, province_code
)
{% endmacro %}

{# CTE `stocks`: what stood on the last day of each of `periods` (period_start, as_at). #}
{% macro dispatch_stocks(periods) %}
-- What stands on a day: of platforms that the province selected, and of all for the nation
scopes as (
    select platform_id, {{ nation() }} as province_code, selected_from, selected_to from {{ ref('dim_platform') }}
    union all
    select platform_id, selected_by, selected_from, selected_to from {{ ref('dim_platform') }}
),

selected as (
    select periods.period_start, periods.as_at, scopes.province_code, scopes.platform_id
    from {{ periods }} as periods
    inner join scopes
        on periods.as_at >= scopes.selected_from
        and (scopes.selected_to is null or periods.as_at <= scopes.selected_to)
),

-- Open as for the occupations covered: general content is none of the courses that the table asks for
open_courses as (
    select
        selected.period_start,
        selected.province_code,
        case when courses.is_known_occupation then courses.occupation_code end as known_occupation_code
    from selected
    inner join {{ ref('dim_course') }} as courses
        on selected.platform_id = courses.platform_id
        and selected.as_at >= courses.open_from
        and (courses.open_to is null or selected.as_at <= courses.open_to)
    where courses.content_category <> 'general_content'
),

stocks as (
    select 'platforms_selected' as indicator_code, period_start, province_code, count(*) as stock
    from selected
    group by period_start, province_code
    union all
    select 'courses_open', period_start, province_code, count(*)
    from open_courses
    group by period_start, province_code
    union all
    select 'occupations_covered', period_start, province_code, count(distinct known_occupation_code)
    from open_courses
    group by period_start, province_code
)
{% endmacro %}
