-- 逐日曲线: the nation day by day; the first six averages are of fewer than seven days.
-- seven_days_mean_registrations: Mean registrations of this day and the six before it.
select
    day,
    registrations,
    learners,
    active_learners,
    study_hours,
    avg(registrations) over (order by day rows between 6 preceding and current row) as seven_days_mean_registrations
from registration_daily
where province_code = '000000' and platform_id = '_all'
order by day
