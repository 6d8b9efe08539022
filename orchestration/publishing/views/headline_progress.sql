-- 分期进展: the nation period by period; ratios are of totals to date, never means.
-- registrations_per_learner: Registrations to date for each learner to date.
-- completed_share_to_date: Completed registrations to date as a share of registrations to date; NULL where there are none.
select
    period_start,
    registrations,
    learners,
    new_learners,
    completed_registrations,
    study_hours,
    cumulative_registrations,
    cumulative_learners,
    cumulative_registrations / nullif(cumulative_learners, 0) as registrations_per_learner,
    sum(completed_registrations) over (order by period_start)
        / nullif(cumulative_registrations, 0) as completed_share_to_date,
    is_complete
from registration_progress
where province_code = '000000' and platform_id = '_all'
order by period_start
