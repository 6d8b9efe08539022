{{ state_history(
    'courses', ['course_id'],
    ['occupation_code', 'content_category', 'is_free', 'review_status', 'published_at', 'withdrawn_at', 'free_until'],
    moment='published_at'
) }}

select
    sender_id as platform_id, course_id, occupation_code, content_category, is_free, review_status,
    cast(published_at as date) as published_on, cast(withdrawn_at as date) as withdrawn_on, free_until,
    earliest_at, is_only_state, first_known_at, known_from, known_to, ended_at
from history
