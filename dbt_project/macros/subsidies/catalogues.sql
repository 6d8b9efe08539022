{# The two catalogues: CTEs `institutions` and `projects`, which provinces have sent one (`institution_catalogues`,
   `project_catalogues`), and what stands on them from day to day (`listed_platforms`, `listed_projects`). #}
{% macro province_catalogues() %}
institutions as (select * from {{ ref('dim_institution') }}),

projects as (select * from {{ ref('dim_training_project') }}),

-- A province's catalogue binds once its bureau has sent one
institution_catalogues as (select distinct province_code from institutions),

project_catalogues as (select distinct province_code from projects),

listed_platforms as (
    select
        province_code,
        platform_id,
        valid_from,
        coalesce(valid_to, date '9999-12-31') as valid_to
    from institutions
    where platform_id is not null
),

listed_projects as (
    select
        province_code,
        occupation_code,
        grade,
        starts_on,
        coalesce(ends_on, date '9999-12-31') as ends_on
    from projects
    where kind = 'catalogue'
)
{% endmacro %}

{# CTE `in_catalogue`: of each row of `certified` whose province has a catalogue, whether its platform and its project
   were listed on its event_date. Needs `province_catalogues`. #}
{% macro catalogue_listings(certified) %}
in_catalogue as (
    select
        {{ certified }}.registration_sk,
        bool_or(listed_platforms.platform_id is not null) as is_platform_listed,
        bool_or(listed_projects.province_code is not null) as is_project_listed
    from {{ certified }}
    left join listed_platforms
        on {{ certified }}.province_code = listed_platforms.province_code
        and {{ certified }}.platform_id = listed_platforms.platform_id
        and {{ certified }}.event_date between listed_platforms.valid_from and listed_platforms.valid_to
    left join listed_projects
        on {{ certified }}.province_code = listed_projects.province_code
        and {{ certified }}.occupation_code = listed_projects.occupation_code
        and (listed_projects.grade is null or {{ certified }}.grade = listed_projects.grade)
        and {{ certified }}.event_date between listed_projects.starts_on and listed_projects.ends_on
    where {{ certified }}.has_institution_catalogue or {{ certified }}.has_project_catalogue
    group by {{ certified }}.registration_sk
)
{% endmacro %}

{# CTEs `project_numbers` and `unaffected`: the rows of `certified` in an enterprise's online training, and whether the
   epidemic did not hit that enterprise. Needs `projects` of `province_catalogues`. #}
{% macro unaffected_enterprises(certified) %}
-- Project numbers are each bureau's own: where two bureaus use one, a registration belongs to its province's
project_numbers as (
    select project_id, count(*) as senders_count from projects where kind <> 'catalogue' group by project_id
),

-- Enterprise online training is subsidised where the epidemic hit the enterprise
unaffected as (
    select
        {{ certified }}.registration_sk,
        bool_and(not coalesce(projects.affected_by_epidemic, false)) as is_not_affected
    from {{ certified }}
    inner join projects on {{ certified }}.project_id = projects.project_id
    inner join project_numbers on projects.project_id = project_numbers.project_id
    where
        projects.kind = 'enterprise_online'
        and (project_numbers.senders_count = 1 or projects.province_code = {{ certified }}.province_code)
    group by {{ certified }}.registration_sk
)
{% endmacro %}
