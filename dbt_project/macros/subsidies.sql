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

{# Aggregate over earlier rows of an account, in order: what each asked for and its own rule's cap; NULL where none did. #}
{% macro earlier_claims(amount, is_due, window) -%} {{ return(adapter.dispatch('earlier_claims')(amount, is_due, window)) }} {%- endmacro %}
{% macro default__earlier_claims(amount, is_due, window) -%}
    list({'amount': cast({{ amount }} as decimal(18, 2)), 'cap': cast(cap_cny as decimal(18, 2))})
        filter (where {{ is_due }} and cap_cny is not null) over {{ window }}
{%- endmacro %}
{% macro spark__earlier_claims(amount, is_due, window) -%}
    collect_list(case when {{ is_due }} and cap_cny is not null then named_struct(
        'amount', cast({{ amount }} as decimal(18, 2)), 'cap', cast(cap_cny as decimal(18, 2))
    ) end) over {{ window }}
{%- endmacro %}

{# What `earlier_claims` took, each cut by the cap of its own rule; caps of one account may differ. #}
{% macro taken_of(earlier) -%} {{ return(adapter.dispatch('taken_of')(earlier)) }} {%- endmacro %}
{% macro default__taken_of(earlier) -%}
    coalesce(list_reduce(
        list_prepend({'amount': cast(0 as decimal(18, 2)), 'cap': cast(0 as decimal(18, 2))}, {{ earlier }}),
        lambda taken, claim: {
            'amount': cast(greatest(taken.amount, least(taken.amount + claim.amount, claim.cap)) as decimal(18, 2)),
            'cap': claim.cap
        }
    ).amount, 0)
{%- endmacro %}
{% macro spark__taken_of(earlier) -%}
    aggregate(
        {{ earlier }}, cast(0 as decimal(18, 2)),
        (taken, claim) -> cast(greatest(taken, least(taken + claim.amount, claim.cap)) as decimal(18, 2))
    )
{%- endmacro %}

{# Most days of a year that a rule pays; without a limit more than a year has. #}
{% macro day_limit() -%} coalesce(max_days, 2147483647) {%- endmacro %}

{# Aggregate over earlier days of a person and year, in order: the limit of each earned day's rule; NULL where none was earned. #}
{% macro earlier_limits(window) -%} {{ return(adapter.dispatch('earlier_limits')(window)) }} {%- endmacro %}
{% macro default__earlier_limits(window) -%} list({{ day_limit() }}) filter (where is_earned) over {{ window }} {%- endmacro %}
{% macro spark__earlier_limits(window) -%} collect_list(case when is_earned then {{ day_limit() }} end) over {{ window }} {%- endmacro %}

{# How many of `earlier_limits` were paid: a day over its own rule's limit is not, and leaves the rest to later ones. #}
{% macro days_used(earlier) -%} {{ return(adapter.dispatch('days_used')(earlier)) }} {%- endmacro %}
{% macro default__days_used(earlier) -%}
    coalesce(list_reduce(list_prepend(0, {{ earlier }}), lambda used, most: case when used < most then used + 1 else used end), 0)
{%- endmacro %}
{% macro spark__days_used(earlier) -%}
    aggregate({{ earlier }}, 0, (used, most) -> case when used < most then used + 1 else used end)
{%- endmacro %}

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
