select
    rule_id,
    parameter,
    value,
    unit,
    name_zh,
    subject_kind,
    severity,
    source,
    is_assumed
from {{ ref('supervision_rules') }}
