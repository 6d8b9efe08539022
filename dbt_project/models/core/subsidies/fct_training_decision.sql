{#- Repeat and yearly limit look at the person's earlier rows that are entitled, so each decision hangs on the ones before
    it: a walk along each person's rows, in which only rows that pass every other test can count. -#}
{%- set others_hold = 'not (is_not_counted or is_not_completed or is_hours_below_minimum or is_hours_not_logged'
    ~ ' or is_not_in_catalogue or is_under_penalty or is_without_rule or is_cost_unknown or is_not_affected)' -%}
with recursive

certified as (
    select
        *,
        year(issued_at) as issued_year,
        -- An unknown occupation never repeats; no grade is a grade like another
        case when occupation_code is not null then occupation_code || '|' || coalesce(cast(grade as varchar), '') end
            as occupation_grade,
        certificate_no is not null and {{ others_hold }} as passes_the_others
    from {{ ref('fct_certified_registration') }}
),

candidates as (
    select
        registration_sk,
        person_sk,
        issued_year,
        occupation_grade,
        coalesce(max_times_per_year, 2147483647) as max_times_per_year,
        row_number() over (partition by person_sk order by issued_at, platform_id, registration_id) as turn,
        count(*) over (partition by person_sk) as turns_count
    from certified
    where passes_the_others
),

walk as (
    select
        registration_sk,
        person_sk,
        turn,
        max_times_per_year > 0 as is_entitled,
        case when max_times_per_year > 0 then [occupation_grade] else cast([] as varchar[]) end as taken_occupation_grades,
        case when max_times_per_year > 0 then [issued_year] else cast([] as bigint[]) end as taken_years
    from candidates
    where turn = 1 and turns_count > 1

    union all

    select
        registration_sk,
        person_sk,
        turn,
        is_entitled,
        case
            when is_entitled then list_append(taken_occupation_grades, occupation_grade)
            else taken_occupation_grades
        end as taken_occupation_grades,
        case when is_entitled then list_append(taken_years, issued_year) else taken_years end as taken_years
    from (
        select
            candidates.registration_sk,
            candidates.person_sk,
            candidates.turn,
            candidates.occupation_grade,
            candidates.issued_year,
            walk.taken_occupation_grades,
            walk.taken_years,
            not coalesce(list_contains(walk.taken_occupation_grades, candidates.occupation_grade), false)
            and len(list_filter(walk.taken_years, lambda taken: taken = candidates.issued_year))
            < candidates.max_times_per_year as is_entitled
        from walk
        inner join candidates
            on walk.person_sk = candidates.person_sk
            and walk.turn + 1 = candidates.turn
    ) as next_turn
),

entitled as (
    select registration_sk from walk where is_entitled
    union all
    -- Most persons have one such row and nothing before it
    select registration_sk from candidates where turns_count = 1 and max_times_per_year > 0
),

flagged as (
    select
        certified.*,
        entitled.registration_sk is not null as is_entitled,
        count(entitled.registration_sk) over (
            partition by certified.person_sk, certified.occupation_grade order by {{ turn_order('certified') }}
            rows between unbounded preceding and 1 preceding
        ) as same_before_count,
        count(entitled.registration_sk) over (
            partition by certified.person_sk, certified.issued_year order by {{ turn_order('certified') }}
            rows between unbounded preceding and 1 preceding
        ) as same_year_before_count
    from certified
    left join entitled on certified.registration_sk = entitled.registration_sk
),

-- Where a cap is shared, earlier rows use it up; only entitled ones take from it
accounted as (
    select
        *,
        {{ earlier_claims('full_amount_cny', 'is_entitled', 'before') }} as earlier_claims
    from flagged
    window before as (
        partition by person_sk, {{ cap_account('issued_year') }}
        order by {{ turn_order() }}
        rows between unbounded preceding and 1 preceding
    )
),

granted as (
    select
        *,
        {{ under_cap('full_amount_cny', 'cap_cny', taken_of('earlier_claims')) }} as granted_amount_cny
    from accounted
)

select
    registration_sk,
    platform_id,
    registration_id,
    person_sk,
    province_code,
    certificate_no,
    event_date,
    rule_id,
    fund,
    is_entitled,
    cast(case when is_entitled then granted_amount_cny else 0 end as decimal(18, 2)) as entitled_amount_cny,
    list_filter([
        case when is_not_counted then 'not_counted' end,
        case when is_not_completed then 'not_completed' end,
        case when is_hours_below_minimum then 'hours_below_minimum' end,
        case when is_hours_not_logged then 'hours_not_logged' end,
        case when certificate_no is not null and occupation_grade is not null and same_before_count > 0
            then 'repeat_occupation_grade' end,
        case when certificate_no is not null and same_year_before_count >= max_times_per_year then 'over_yearly_limit' end,
        case when is_not_in_catalogue then 'not_in_catalogue' end,
        case when is_under_penalty then 'under_penalty' end,
        case when is_without_rule then 'no_rule' end,
        case when is_cost_unknown then 'cost_unknown' end,
        case when is_entitled and granted_amount_cny < full_amount_cny then 'cap_applied' end,
        case when is_not_affected then 'not_affected' end
    ], lambda reason: reason is not null) as reasons
from granted
