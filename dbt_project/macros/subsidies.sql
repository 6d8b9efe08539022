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

{# What one row may still take under a cap, when `before` has been taken by earlier ones; without a cap all of it. #}
{% macro under_cap(amount, cap, before) -%}
    case
        when {{ cap }} is null then {{ amount }}
        else greatest(least({{ amount }}, {{ cap }} - {{ before }}), 0)
    end
{%- endmacro %}

{# What a cap adds up over within a person: a project over all rules (without one the registration), a year under one rule. #}
{% macro cap_account(year) -%}
    case cap_basis
        when 'per_project' then coalesce('project ' || project_id, 'registration ' || cast(registration_sk as varchar))
        else coalesce(cap_basis, '') || ' ' || rule_id || ' ' || case cap_basis when 'per_year' then cast({{ year }} as varchar) else '' end
    end
{%- endmacro %}

{# Most days of a year that a rule pays; without a limit more than a year has. #}
{% macro day_limit() -%} coalesce(max_days, 2147483647) {%- endmacro %}

{# The order in which a person's certificates are weighed. #}
{% macro turn_order(relation=none) -%}
    {%- set prefix = relation ~ '.' if relation else '' -%}
    {{ prefix }}issued_at, {{ prefix }}platform_id, {{ prefix }}registration_id
{%- endmacro %}

{# A class hour (课时) is 45 minutes. #}
{% macro class_hour_microseconds() -%} 2700000000 {%- endmacro %}
{% macro hour_microseconds() -%} 3600000000 {%- endmacro %}

{# `amount` × part / whole, half-up to the fen, in whole numbers all the way; NULL where the whole is 0. #}
{% macro cny_share_of(amount, part, whole) -%}
    cast(
        {{ whole_quotient(
            '2 * cast(' ~ amount ~ ' * 100 as hugeint) * ' ~ part ~ ' + ' ~ whole, 'nullif(2 * ' ~ whole ~ ', 0)'
        ) }} * cast(0.01 as decimal(3, 2)) as decimal(18, 2)
    )
{%- endmacro %}
