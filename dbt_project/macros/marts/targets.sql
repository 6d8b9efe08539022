{# CTE `standing` and what it needs: each target on each day of the action up to the clock. One row per target_code ×
   province_code × day, with target_value, unit, name_zh and actual_value, what stood at the end of that day;
   and CTE `reached`: the first such day with the target's value. Reads the CTE `campaign` (last_day, clock). #}
{% macro targets_by_day() -%}
days as (select day from {{ ref('dim_day') }} where is_in_action),

targets as (select target_code, province_code, target_value, unit, name_zh from {{ ref('dim_target') }}),

platforms as (
    select platform_id, selected_by, selected_from, selected_to from {{ ref('dim_platform') }}
),

-- A platform counts for the nation, and for the province that selected it
scopes as (
    select platform_id, {{ nation() }} as province_code, selected_from, selected_to from platforms
    union all
    select platform_id, selected_by, selected_from, selected_to from platforms
),

platforms_by_day as (
    select days.day, scopes.province_code, count(*) as actual_value
    from days
    inner join scopes
        on days.day >= scopes.selected_from
        and (scopes.selected_to is null or days.day <= scopes.selected_to)
    group by all
),

-- An open course counts on the days on which its platform is selected as well
open_courses as (
    select distinct
        scopes.province_code,
        courses.occupation_code,
        greatest(courses.open_from, scopes.selected_from) as covered_from,
        least(coalesce(courses.open_to, campaign.last_day), coalesce(scopes.selected_to, campaign.last_day)) as covered_to
    from {{ ref('dim_course') }} as courses
    inner join scopes on courses.platform_id = scopes.platform_id
    cross join campaign
    where courses.open_from is not null
        and courses.is_known_occupation
        and courses.content_category <> 'general_content'
),

occupations_by_day as (
    select days.day, open_courses.province_code, count(distinct open_courses.occupation_code) as actual_value
    from days
    inner join open_courses on days.day between open_courses.covered_from and open_courses.covered_to
    group by all
),

registered_by_day as (
    select
        registrations.registered_on as day,
        {{ province_or_nation('registrations.province_code') }} as province_code,
        count(*) as registrations
    from {{ ref('fct_registration') }} as registrations
    cross join campaign
    where registrations.is_counted and registrations.registered_at <= campaign.clock
    group by registrations.registered_on, cube (registrations.province_code)
),

daily_values as (
    select 'platforms' as target_code, province_code, day, actual_value from platforms_by_day
    union all
    select 'occupations', province_code, day, actual_value from occupations_by_day
    union all
    select 'registrations', province_code, day, sum(registrations) over (partition by province_code order by day)
    from registered_by_day
),

-- Each target on each day; a day without a new registration keeps the sum of the day before
standing as (
    select
        targets.*,
        days.day,
        case
            when targets.target_code = 'registrations'
                then coalesce(max(daily_values.actual_value) over (
                    partition by targets.target_code, targets.province_code order by days.day
                ), 0)
            else coalesce(daily_values.actual_value, 0)
        end as actual_value
    from targets
    cross join days
    left join daily_values
        on targets.target_code = daily_values.target_code
        and targets.province_code = daily_values.province_code
        and days.day = daily_values.day
),

-- The first day on which a target was reached; it keeps that day, whatever falls later
reached as (
    select target_code, province_code, min(day) as reached_on
    from standing
    where actual_value >= target_value
    group by target_code, province_code
)
{%- endmacro %}
