{# The newest state of every record of a feed, and where a snapshot feed says so, the day it ended.

   Of the rows with one (sender, key) the greatest `version`, then the greatest ledger sequence, then the greatest position
   in its batch is the record's state; every filter comes after that. `ended_on` is the day of the first snapshot that no
   longer held the key, and null for whoever is still in the newest one (and for every feed that sends no snapshots). #}
{% macro newest_state(feed, key, version='updated_at') %}
{%- set partition = (['sender_id'] + key) | join(', ') -%}
with

states as (
    select
        *,
        row_number() over (
            partition by {{ partition }}
            order by {{ version ~ ' desc, ' if version }}_ledger_sequence desc, _position desc
        ) as state_rank,
        max(_ledger_sequence) over (partition by {{ partition }}) as last_seen_sequence
    from {{ source('raw', feed) }}
),

newest as (
    select states.*, snapshots.ended_on
    from states
    left join {{ ref('stg_snapshots') }} as snapshots
        on states.sender_id = snapshots.sender_id
        and states.last_seen_sequence = snapshots.ledger_sequence
        and snapshots.feed = '{{ feed }}'
    where states.state_rank = 1
)
{% endmacro %}
