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
