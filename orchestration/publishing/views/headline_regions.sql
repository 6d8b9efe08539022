-- 重点地区: the sets of key regions, period by period; they overlap, any_key_region is their union.
select
    period_start,
    region_set,
    region_set_name_zh,
    zone_courses_count,
    registrations,
    learners,
    key_group_persons,
    completed_persons,
    paid_amount_cny,
    is_suppressed
from key_region_support
where region_set in ('hubei', 'sanqu_sanzhou', 'supervised_county', 'any_key_region')
order by period_start, region_set
