{{ newest_state('courses', ['course_id']) }}

select
    -- keys
    sender_id as platform_id,
    course_id,
    occupation_code,

    -- what it is
    title,
    content_category,
    class_hours,
    grade,
    delivery_mode,
    is_free,
    region_zone,
    instructor_honour,
    review_status,

    -- when
    published_at,
    cast(published_at as date) as published_on,
    least(cast(withdrawn_at as date), ended_on) as withdrawn_on,
    free_until,
    updated_at,

    -- where it came from
    _batch_id as batch_id,
    _ledger_sequence as ledger_sequence,
    _position as position,
    _period_start as landed_period_start,
    ended_on
from newest
