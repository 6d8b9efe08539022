-- 报送情况: how many of the reports due for a period came in time, late or not at all.
-- on_time_count: Feeds of senders whose report for the period came in time.
-- late_count: Those that came after the due time.
-- missing_count: Those that are due and have not come.
-- empty_count: Those that came without a row.
-- not_due_count: Those that are not due yet and have not come.
select
    period_start,
    count(*) filter (status = 'on_time') as on_time_count,
    count(*) filter (status = 'late') as late_count,
    count(*) filter (status = 'missing') as missing_count,
    count(*) filter (status = 'empty') as empty_count,
    count(*) filter (status = 'not_due') as not_due_count
from reporting_timeliness
group by period_start
order by period_start
