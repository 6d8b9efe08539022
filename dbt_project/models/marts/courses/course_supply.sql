with

campaign as (select clock from {{ ref('dim_campaign') }}),

periods as (select period_start, as_at, is_complete from {{ ref('dim_period') }} where is_begun),

platforms as (
    select platform_id, name_zh, selected_from, selected_to from {{ ref('dim_platform') }}
),

courses as (
    select
        courses.platform_id,
        courses.course_id,
        courses.content_category,
        courses.delivery_mode,
        courses.review_status,
        courses.class_hours,
        courses.published_on,
        courses.withdrawn_on,
        greatest(courses.open_from, platforms.selected_from) as open_from,
        least(courses.open_to, platforms.selected_to) as open_to,
        courses.open_from is not null as is_ever_open
    from {{ ref('dim_course') }} as courses
    inner join platforms on courses.platform_id = platforms.platform_id
),

-- Courses that stand in the catalogue at as_at: published and not withdrawn, whatever their review said
listed as (
    select
        periods.period_start,
        courses.*,
        courses.is_ever_open
        and periods.as_at >= courses.open_from
        and (courses.open_to is null or periods.as_at <= courses.open_to) as is_open
    from periods
    inner join courses
        on periods.as_at >= courses.published_on
        and (courses.withdrawn_on is null or periods.as_at < courses.withdrawn_on)
),

supplied as (
    select
        period_start,
        platform_id,
        content_category,
        delivery_mode,
        count(*) filter (where is_open) as courses_open_count,
        count(*) filter (where review_status = 'approved') as courses_approved_count,
        count(*) filter (where review_status = 'pending') as courses_pending_count,
        count(*) filter (where review_status = 'rejected') as courses_rejected_count,
        sum(class_hours) filter (where is_open) as class_hours
    from listed
    group by all
),

registered as (
    select
        registrations.period_start,
        registrations.platform_id,
        courses.content_category,
        courses.delivery_mode,
        count(*) as registrations
    from {{ ref('fct_registration') }} as registrations
    inner join courses
        on registrations.platform_id = courses.platform_id
        and registrations.course_id = courses.course_id
    cross join campaign
    where registrations.is_counted and registrations.registered_at <= campaign.clock
    group by all
),

general_content as (
    select
        period_start,
        platform_id,
        {{ share_of(
            "sum(case when content_category = 'general_content' then registrations else 0 end)", 'sum(registrations)'
        ) }} as general_content_share
    from registered
    group by all
),

joined as (
    select
        period_start,
        platform_id,
        content_category,
        delivery_mode,
        coalesce(supplied.courses_open_count, 0) as courses_open_count,
        coalesce(supplied.courses_approved_count, 0) as courses_approved_count,
        coalesce(supplied.courses_pending_count, 0) as courses_pending_count,
        coalesce(supplied.courses_rejected_count, 0) as courses_rejected_count,
        coalesce(supplied.class_hours, 0) as class_hours,
        coalesce(registered.registrations, 0) as registrations
    from supplied
    full outer join registered using (period_start, platform_id, content_category, delivery_mode)
)

select
    joined.period_start,
    joined.platform_id,
    platforms.name_zh as platform_name_zh,
    joined.content_category,
    {{ label_zh('content_category', 'joined.content_category') }} as content_category_name_zh,
    joined.delivery_mode,
    {{ label_zh('delivery_mode', 'joined.delivery_mode') }} as delivery_mode_name_zh,
    periods.as_at,
    periods.is_complete,
    cast(joined.courses_open_count as bigint) as courses_open_count,
    cast(joined.courses_approved_count as bigint) as courses_approved_count,
    cast(joined.courses_pending_count as bigint) as courses_pending_count,
    cast(joined.courses_rejected_count as bigint) as courses_rejected_count,
    cast(joined.class_hours as decimal(18, 4)) as class_hours,
    cast(joined.registrations as bigint) as registrations,
    general_content.general_content_share
from joined
inner join periods on joined.period_start = periods.period_start
inner join platforms on joined.platform_id = platforms.platform_id
left join general_content
    on joined.period_start = general_content.period_start
    and joined.platform_id = general_content.platform_id
