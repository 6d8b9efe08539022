with

comparisons as (
    select *, province_code is null as is_national from {{ ref('fct_known_comparison') }}
),

rolled as (select group_code, rolled_group_code from {{ ref('bridge_group') }}),

rosters as (select * from {{ ref('stg_roster_history') }}),

-- A filing's comparison holds its own province alone
registered as (
    select
        hybrids.*,
        comparisons.is_national,
        {{ moment_of_step('roster') }} as roster_moment,
        hybrids.registered_on >= comparisons.period_start as is_in_period
    from {{ ref('fct_hybrid_registration') }} as hybrids
    inner join comparisons
        on hybrids.comparison_id = comparisons.comparison_id
        and coalesce(comparisons.province_code, hybrids.province_code) = hybrids.province_code
        and hybrids.registered_on between comparisons.first_day and comparisons.period_end
),

claimed as (
    select comparison_id, step_number, registration_sk, {{ each_element('declared_groups') }} as group_code
    from registered

    union all

    select registered.comparison_id, registered.step_number, registered.registration_sk, rosters.group_code
    from registered
    inner join rosters
        on registered.person_sk = rosters.person_sk
        and registered.registered_on >= rosters.valid_from
        and (rosters.valid_to is null or registered.registered_on <= rosters.valid_to)
        and registered.roster_moment >= rosters.known_from
        and registered.roster_moment < rosters.known_to
        and (
            rosters.ended_at is null
            or registered.roster_moment < rosters.ended_at
            or registered.registered_on <= cast(rosters.ended_at as date)
        )
),

memberships as (
    select distinct
        claimed.comparison_id, claimed.step_number, claimed.registration_sk, '_' || rolled.rolled_group_code as suffix
    from claimed
    inner join rolled on claimed.group_code = rolled.group_code
),

counted as (
    select
        comparison_id, step_number, last_step, holds_before, is_national, province_code, person_sk, is_in_period,
        '' as suffix
    from registered

    union all

    select
        registered.comparison_id, registered.step_number, registered.last_step, registered.holds_before,
        registered.is_national, registered.province_code, registered.person_sk, registered.is_in_period,
        memberships.suffix
    from registered
    inner join memberships using (comparison_id, step_number, registration_sk)
),

-- Each person once in their province, with how often they are registered there
persons as (
    select
        comparison_id, step_number, last_step, is_national, suffix, province_code, person_sk,
        count(*) as cumulative,
        count(*) filter (where is_in_period) as this_period,
        count(*) filter (where holds_before) as cumulative_before,
        count(*) filter (where holds_before and is_in_period) as this_period_before
    from counted
    group by comparison_id, step_number, last_step, is_national, suffix, province_code, person_sk
),

-- … and once more in the nation
persons_and_nation as (
    select
        comparison_id, step_number, last_step, suffix, province_code, person_sk,
        cumulative, this_period, cumulative_before, this_period_before
    from persons

    union all

    select
        comparison_id, step_number, last_step, suffix, {{ nation() }}, person_sk,
        sum(cumulative), sum(this_period), sum(cumulative_before), sum(this_period_before)
    from persons
    where is_national
    group by comparison_id, step_number, last_step, suffix, person_sk
),

learners as (
    select
        comparison_id, step_number, last_step, suffix, province_code
        {%- for when in ['', '_before'] %},
        sum(this_period{{ when }}) as registrations_in_period{{ when }},
        sum(cumulative{{ when }}) as registrations{{ when }},
        count(*) filter (where this_period{{ when }} > 0) as learners_in_period{{ when }},
        count(*) filter (where cumulative{{ when }} > 0) as learners{{ when }}
        {%- endfor %}
    from persons_and_nation
    group by comparison_id, step_number, last_step, suffix, province_code
)

{%- for indicator in ['registrations', 'learners'] %}
{%- for step, when in [('step_number', ''), ('0', '_before')] %}

select
    comparison_id,
    {{ step }} as step_number,
    last_step,
    '{{ indicator }}' || suffix as indicator_code,
    province_code,
    cast({{ indicator }}_in_period{{ when }} as decimal(18, 2)) as this_period,
    cast({{ indicator }}{{ when }} as decimal(18, 2)) as cumulative
from learners
where registrations{{ when }} > 0
{{ 'union all' if not loop.last }}
{%- endfor %}
{{ 'union all' if not loop.last }}
{%- endfor %}
