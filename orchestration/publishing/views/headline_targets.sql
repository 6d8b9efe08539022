-- 目标进展: the 515 targets as they stand now, one row a target of the nation.
select
    target_name_zh,
    actual_value,
    target_value,
    unit,
    achieved_share,
    expected_share,
    is_achieved,
    reached_on
from target_progress
where province_code = '000000' and period_start = (select max(period_start) from target_progress)
order by target_code
