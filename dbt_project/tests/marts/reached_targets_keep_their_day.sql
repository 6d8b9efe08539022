-- A target's first day does not move, and stands from the first row on whose as_at has seen it.
select
    target_code,
    province_code,
    count(distinct reached_on) as days_count,
    min(reached_on) as reached_on
from {{ ref('target_progress') }}
group by target_code, province_code
having count(distinct reached_on) > 1
    or count(*) filter (where reached_on > as_at) > 0
    or count(*) filter (where is_achieved and reached_on is null) > 0
    or count(reached_on) <> count(*) filter (where as_at >= (
        select min(inner_rows.reached_on)
        from {{ ref('target_progress') }} as inner_rows
        where inner_rows.target_code = target_progress.target_code
            and inner_rows.province_code = target_progress.province_code
    ))
