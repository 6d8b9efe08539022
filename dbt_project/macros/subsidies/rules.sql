{# The rule that decides each of the questions asked: CTEs `rule_levels` and `rule_for`, the latter one row for each
   (region_code, day, grade) of `asked` that has a rule, with the rule's own columns.

   The most specific of exact code, prefecture, province (the Corps: 660000) and nation that has a fitting row decides;
   there a grade equal to the course's beats a null grade, then the latest valid_from, then the lowest rule_id. #}
{% macro rule_for(scheme, asked) %}
rule_levels as (
    select region_code, day, grade, 1 as level, region_code as level_code from {{ asked }}
    union all
    select region_code, day, grade, 2 as level, left(region_code, 4) || '00' as level_code from {{ asked }}
    union all
    select region_code, day, grade, 3 as level, {{ province_of_code('region_code') }} as level_code from {{ asked }}
    union all
    select region_code, day, grade, 4 as level, {{ nation() }} as level_code from {{ asked }}
),

rule_candidates as (
    select
        rule_levels.region_code,
        rule_levels.day,
        rule_levels.grade as asked_grade,
        rules.*,
        row_number() over (
            partition by rule_levels.region_code, rule_levels.day, rule_levels.grade
            order by
                rule_levels.level,
                case when rules.grade is null then 1 else 0 end,
                rules.valid_from desc nulls last,
                rules.rule_id
        ) as preference
    from rule_levels
    inner join {{ ref('dim_subsidy_rule') }} as rules
        on rule_levels.level_code = rules.region_code
        and (rules.valid_from is null or rule_levels.day >= rules.valid_from)
        and (rules.valid_to is null or rule_levels.day <= rules.valid_to)
        and (rules.grade is null or rules.grade = rule_levels.grade)
    where rules.scheme = '{{ scheme }}'
),

rule_for as (select * from rule_candidates where preference = 1)
{% endmacro %}

{# CTE `allowance_groups`: the groups that draw the living allowance, those of the notice (`is_of_notice`) and those that a
   rule of any place adds. #}
{% macro allowance_groups() %}
named_groups as (
    select {{ each_element(split_list('eligible_group_codes')) }} as group_code
    from {{ ref('dim_subsidy_rule') }}
    where scheme = 'living_allowance' and eligible_group_codes is not null
),

allowance_groups as (
    select
        group_code,
        is_living_allowance_eligible as is_of_notice
    from {{ ref('dim_group') }}
    where is_living_allowance_eligible or group_code in (select group_code from named_groups)
)
{% endmacro %}
