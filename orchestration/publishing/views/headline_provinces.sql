-- 各省进展: the provinces to date; NULL where is_suppressed is withheld, not zero.
-- registrations_in_period: Registrations (人次) in the newest period.
select
    province_code,
    province_name_zh,
    cumulative_registrations,
    cumulative_learners,
    registrations as registrations_in_period,
    period_start,
    is_suppressed
from registration_progress
where platform_id = '_all' and province_code <> '000000'
    and period_start = (select max(period_start) from registration_progress)
order by cumulative_registrations desc nulls last, province_code
