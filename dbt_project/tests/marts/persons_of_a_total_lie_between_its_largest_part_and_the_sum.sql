-- A person counts once in a total: never more than the parts together, never fewer than the largest of them.
with

national as (
    select period_start, platform_id, learners, cumulative_learners
    from {{ ref('registration_progress') }}
    where province_code = '000000'
),

parts as (
    select
        period_start,
        platform_id,
        max(learners) as largest,
        sum(learners) as summed,
        max(cumulative_learners) as cumulative_largest,
        sum(cumulative_learners) as cumulative_summed
    from {{ ref('registration_progress') }}
    where province_code <> '000000'
    group by period_start, platform_id
)

select national.*, parts.*
from national
inner join parts using (period_start, platform_id)
where national.learners not between parts.largest and parts.summed
    or national.cumulative_learners not between parts.cumulative_largest and parts.cumulative_summed
