with

comparisons as (select * from {{ ref('fct_known_comparison') }}),

steps as (select step_number from {{ ref('dim_known_step') }}),

penalties as (select * from {{ ref('stg_penalty_history') }}),

changed as (
    select distinct comparisons.comparison_id, penalties.province_code, penalties.penalty_id
    from comparisons
    inner join penalties
        on coalesce(comparisons.province_code, penalties.province_code) = penalties.province_code
        and (
            (penalties.known_from > comparisons.from_at and penalties.known_from <= comparisons.to_at)
            -- Dated ahead: known, and not decided yet
            or (penalties.known_from <= comparisons.from_at and penalties.decided_on > cast(comparisons.clock_from as date))
        )
),

hybrids as (
    select
        changed.*,
        steps.step_number,
        {{ from_step('correction', 'decided_on') }} as decided_on,
        cast({{ moment_of_step('late_arrival', 'clock_from', 'clock_to') }} as date) as clock_day
    from changed
    inner join comparisons on changed.comparison_id = comparisons.comparison_id
    inner join penalties as earlier
        on changed.province_code = earlier.province_code
        and changed.penalty_id = earlier.penalty_id
        and {{ is_known_before('earlier') }}
    inner join penalties as later
        on changed.province_code = later.province_code
        and changed.penalty_id = later.penalty_id
        and {{ is_known_after('later') }}
    cross join steps
    where {{ had_come() }}
)

select comparison_id, step_number, province_code, penalty_id, decided_on
from hybrids
where decided_on <= clock_day
