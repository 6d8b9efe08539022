with

courses as (select * from {{ ref('stg_courses') }}),

occupations as (select occupation_code from {{ ref('dim_occupation') }}),

-- The days on which a course is open, as far as the course itself decides: its platform's selection is another matter
dated as (
    select
        *,
        review_status = 'approved' and is_free as may_open,
        published_on as first_open_day,
        -- without an end where there is neither: least() passes over nulls
        least({{ add_days('withdrawn_on', -1) }}, free_until) as last_open_day
    from courses
),

opened as (
    select
        *,
        may_open and (last_open_day is null or first_open_day <= last_open_day) as is_ever_open
    from dated
)

select
    opened.platform_id,
    opened.course_id,
    opened.title,
    opened.occupation_code,
    occupations.occupation_code is not null as is_known_occupation,
    opened.content_category,
    opened.class_hours,
    cast(opened.grade as integer) as grade,
    opened.delivery_mode,
    opened.is_free,
    opened.region_zone,
    opened.review_status,
    opened.published_on,
    opened.withdrawn_on,
    opened.free_until,
    case when opened.is_ever_open then opened.first_open_day end as open_from,
    case when opened.is_ever_open then opened.last_open_day end as open_to,
    opened.updated_at,
    opened.landed_period_start
from opened
left join occupations on opened.occupation_code = occupations.occupation_code
