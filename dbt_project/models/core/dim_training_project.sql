select
    province_code,
    project_id,
    name,
    kind,
    occupation_code,
    cast(grade as integer) as grade,
    institution_uscc,
    enterprise_uscc,
    affected_by_epidemic,
    planned_learners,
    cast(planned_amount_cny as decimal(18, 2)) as planned_amount_cny,
    prepaid_share,
    starts_on,
    ends_on,
    region_code,
    updated_at,
    landed_period_start
from {{ ref('stg_training_projects') }}
