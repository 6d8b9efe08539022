-- 职业覆盖: how many occupations are covered and taken up, period by period.
-- occupations_count: Occupations of the catalogue.
-- covered_count: Occupations with an open course at as_at.
-- taken_up_count: Occupations with a registration by as_at.
-- covered_new_occupations_count: Covered ones among the new occupations.
select
    period_start,
    count(*) as occupations_count,
    count(*) filter (is_covered) as covered_count,
    count(*) filter (is_taken_up) as taken_up_count,
    count(*) filter (is_new_occupation and is_covered) as covered_new_occupations_count
from occupation_coverage
group by period_start
order by period_start
