-- Nothing that is counted from the action's first day on can be less than it was a period before.
with

series as (
    select
        *,
        lag(cumulative_registrations) over of_row as registrations_before,
        lag(cumulative_learners) over of_row as learners_before
    from {{ ref('registration_progress') }}
    window of_row as (partition by province_code, platform_id order by period_start)
)

select * from series
where cumulative_registrations < registrations_before or cumulative_learners < learners_before
