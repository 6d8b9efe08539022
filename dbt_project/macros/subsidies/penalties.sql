{# CTEs `first_platform_penalty` and `first_person_penalty`: since when a platform, or a person, is under a penalty. #}
{% macro first_penalties() %}
penalties as (select * from {{ ref('fct_penalty') }}),

-- A penalty on an institution falls on the platform it runs
platform_penalties as (
    select
        subject_id as platform_id,
        decided_on
    from penalties
    where subject_kind = 'platform'

    union all

    select
        institutions.platform_id,
        penalties.decided_on
    from penalties
    inner join institutions on penalties.subject_id = institutions.institution_uscc
    where penalties.subject_kind = 'institution' and institutions.platform_id is not null
),

first_platform_penalty as (
    select
        platform_id,
        min(decided_on) as decided_on
    from platform_penalties
    group by platform_id
),

first_person_penalty as (
    select
        person_sk,
        min(decided_on) as decided_on
    from penalties
    where subject_kind = 'person'
    group by person_sk
)
{% endmacro %}
