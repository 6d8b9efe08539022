-- 重点群体: the nation's key groups, period by period; groups overlap, any_key_group counts a person once.
select
    period_start,
    group_code,
    group_name_zh,
    declared_persons,
    confirmed_persons,
    completed_persons,
    allowance_persons,
    study_hours
from key_group_participation
where province_code = '000000'
order by period_start, group_code
