select
    occupation_code,
    name_zh,
    category,
    is_new_occupation
from {{ ref('occupations') }}
