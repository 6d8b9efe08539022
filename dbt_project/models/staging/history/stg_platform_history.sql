{#- The registry as known from one landing to the next; what was registered first counts as known from the beginning -#}
with

versions as (
    select
        sender_id as platform_id, selected_from, selected_to, selected_by, known_from, known_to
    from {{ source('raw', 'config_sender_versions') }}
    where sender_kind = 'platform'
),

senders as (select * from {{ source('raw', 'config_senders') }} where sender_kind = 'platform'),

campaign as (select first_day from {{ source('raw', 'config_campaign') }}),

known as (
    select platform_id, selected_from, selected_to, selected_by, known_from, known_to from versions

    union all

    -- Loaded without a history of the registry
    select sender_id, selected_from, selected_to, selected_by, cast('1900-01-01' as timestamp), null
    from senders
    where sender_id not in (select platform_id from versions)
)

select
    known.platform_id,
    coalesce(known.selected_from, campaign.first_day) as selected_from,
    known.selected_to,
    known.selected_by,
    known.known_from,
    coalesce(known.known_to, {{ end_of_time() }}) as known_to
from known
cross join campaign
