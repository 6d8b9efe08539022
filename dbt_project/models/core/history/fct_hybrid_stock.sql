with

comparisons as (select * from {{ ref('fct_known_comparison') }}),

steps as (select step_number from {{ ref('dim_known_step') }}),

occupations as (select occupation_code from {{ ref('dim_occupation') }}),

platforms as (select * from {{ ref('stg_platform_history') }}),

courses as (select * from {{ ref('stg_course_history') }}),

-- A filing's comparison looks at the platforms of its province alone
scopes as (
    select distinct comparisons.comparison_id, platforms.platform_id
    from comparisons
    inner join platforms on comparisons.province_code is null or comparisons.province_code = platforms.selected_by
),

-- What stands at the end of the period, and what stood before it
days as (
    select
        comparisons.*,
        steps.step_number,
        case when steps.step_number = 0 then as_at_from else as_at_to end as day,
        true as is_end
    from comparisons
    cross join steps
    union all
    select
        comparisons.*,
        steps.step_number,
        least({{ add_days('period_start', -1) }}, case when steps.step_number = 0 then as_at_from else as_at_to end),
        false
    from comparisons
    cross join steps
    where period_start > first_day
),

selected as (
    select
        comparisons.comparison_id,
        comparisons.from_at,
        comparisons.to_at,
        comparisons.step_number,
        comparisons.is_end,
        comparisons.day,
        platforms.platform_id,
        platforms.selected_by
    from days as comparisons
    inner join scopes on comparisons.comparison_id = scopes.comparison_id
    inner join platforms
        on scopes.platform_id = platforms.platform_id
        and {{ moment_of_step('rule') }} >= platforms.known_from
        and {{ moment_of_step('rule') }} < platforms.known_to
        and comparisons.day >= platforms.selected_from
        and (platforms.selected_to is null or comparisons.day <= platforms.selected_to)
),

pairs as (
    select
        comparisons.comparison_id,
        steps.step_number,
        earlier.platform_id,
        earlier.course_id,
        {{ from_step('correction', 'occupation_code') }} as occupation_code,
        {{ from_step('correction', 'content_category') }} as content_category,
        {{ from_step('correction', 'is_free') }} as is_free,
        {{ from_step('correction', 'published_on') }} as published_on,
        {{ from_step('correction', 'free_until') }} as free_until,
        {{ from_step('cancellation', 'review_status') }} as review_status,
        least(
            {{ from_step('cancellation', 'withdrawn_on') }},
            case when {{ had_ended() }} then cast({{ from_step('cancellation', 'ended_at') }} as date) end
        ) as withdrawn_on
    from scopes
    inner join comparisons on scopes.comparison_id = comparisons.comparison_id
    inner join courses as earlier on scopes.platform_id = earlier.platform_id and {{ is_known_before('earlier') }}
    inner join courses as later
        on earlier.platform_id = later.platform_id
        and earlier.course_id = later.course_id
        and {{ is_known_after('later') }}
    cross join steps
    where {{ had_come() }}
),

open_courses as (
    select
        selected.comparison_id,
        selected.step_number,
        selected.is_end,
        selected.selected_by,
        occupations.occupation_code as covered_code
    from selected
    inner join pairs
        on selected.comparison_id = pairs.comparison_id
        and selected.step_number = pairs.step_number
        and selected.platform_id = pairs.platform_id
        and pairs.review_status = 'approved'
        and pairs.is_free
        and pairs.content_category <> 'general_content'
        and pairs.published_on <= selected.day
        and (pairs.withdrawn_on is null or pairs.withdrawn_on > selected.day)
        and (pairs.free_until is null or pairs.free_until >= selected.day)
    left join occupations on pairs.occupation_code = occupations.occupation_code
),

stocks as (
    select
        comparison_id, step_number, is_end, 'platforms_selected' as indicator_code,
        case when grouping(selected_by) = 1 then {{ nation() }} else selected_by end as province_code,
        count(*) as stock
    from selected
    group by comparison_id, step_number, is_end, cube (selected_by)
    union all
    select
        comparison_id, step_number, is_end, 'courses_open',
        case when grouping(selected_by) = 1 then {{ nation() }} else selected_by end,
        count(*)
    from open_courses
    group by comparison_id, step_number, is_end, cube (selected_by)
    union all
    select
        comparison_id, step_number, is_end, 'occupations_covered',
        case when grouping(selected_by) = 1 then {{ nation() }} else selected_by end,
        count(distinct covered_code)
    from open_courses
    group by comparison_id, step_number, is_end, cube (selected_by)
)

select
    comparison_id,
    step_number,
    indicator_code,
    province_code,
    cast(sum(case when is_end then stock else -stock end) as decimal(18, 2)) as this_period,
    cast(sum(case when is_end then stock else 0 end) as decimal(18, 2)) as cumulative
from stocks
-- A platform of which the registry does not say who selected it counts for the nation alone
where province_code is not null
group by comparison_id, step_number, indicator_code, province_code
