select
    sender_id,
    sender_kind,
    name as name_zh,
    case when sender_kind = 'bureau' then sender_id end as province_code
from {{ source('raw', 'config_senders') }}
