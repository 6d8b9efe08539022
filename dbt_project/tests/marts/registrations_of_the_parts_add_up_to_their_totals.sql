-- Registrations add up over provinces and over platforms; what a total holds beyond its parts, or lacks, is a row here.
with

progress as (select * from {{ ref('registration_progress') }}),

sums as (
    select
        period_start,
        province_code,
        sum(registrations) filter (where platform_id = '_all') as of_all,
        sum(registrations) filter (where platform_id <> '_all') as of_parts,
        sum(cumulative_registrations) filter (where platform_id = '_all') as cumulative_of_all,
        sum(cumulative_registrations) filter (where platform_id <> '_all') as cumulative_of_parts
    from progress
    group by period_start, province_code

    union all

    select
        period_start,
        platform_id,
        sum(registrations) filter (where province_code = '000000'),
        sum(registrations) filter (where province_code <> '000000'),
        sum(cumulative_registrations) filter (where province_code = '000000'),
        sum(cumulative_registrations) filter (where province_code <> '000000')
    from progress
    group by period_start, platform_id
)

select * from sums
where of_all is distinct from of_parts or cumulative_of_all is distinct from cumulative_of_parts
