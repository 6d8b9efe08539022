with

senders as (select * from {{ source('raw', 'config_senders') }} where sender_kind = 'platform'),

campaign as (select first_day from {{ ref('dim_campaign') }})

select
    senders.sender_id as platform_id,
    senders.name as name_zh,
    coalesce(senders.ministry_affiliated, false) as is_ministry_affiliated,
    coalesce(senders.selected_from, campaign.first_day) as selected_from,
    senders.selected_to,
    senders.selected_by
from senders
cross join campaign
