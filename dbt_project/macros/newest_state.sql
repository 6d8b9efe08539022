{# The newest state of every record of a feed, and where a snapshot feed says so, the day it ended.

   Of the rows with one (sender, key) the greatest `version`, then the greatest ledger sequence, then the greatest position
   in its batch is the record's state; every filter comes after that. `ended_on` is the day of the first snapshot that no
   longer held the key, and null for whoever is still in the newest one (and for every feed that sends no snapshots).

   Most keys have one row. Sorting them all would be most of a build's work, so only those whose quick hash occurs twice
   are sorted; two keys that happen to share a hash are sorted too, each among its own rows. #}
{% macro newest_state(feed, key, version='updated_at') %}
{%- set columns = ['sender_id'] + key -%}
{#- Each of the three reads the table itself: a CTE of all its columns, used thrice, would be written out first -#}
{%- set landed = source('raw', feed) -%}
with

repeated as (
    select {{ quick_hash(columns) }} as key_hash
    from {{ landed }}
    group by key_hash
    having count(*) > 1
),

contested as (
    select
        *,
        row_number() over (
            partition by {{ columns | join(', ') }}
            order by {{ version ~ ' desc, ' if version }}_ledger_sequence desc, _position desc
        ) as state_rank,
        max(_ledger_sequence) over (partition by {{ columns | join(', ') }}) as last_seen_sequence
    from {{ landed }}
    where {{ quick_hash(columns) }} in (select key_hash from repeated)
),

states as (
    select
        *,
        1 as state_rank,
        _ledger_sequence as last_seen_sequence
    from {{ landed }}
    where {{ quick_hash(columns) }} not in (select key_hash from repeated)

    union all

    select * from contested where state_rank = 1
),

newest as (
    select
        states.*,
        snapshots.ended_on
    from states
    left join {{ ref('stg_snapshots') }} as snapshots
        on states.sender_id = snapshots.sender_id
        and states.last_seen_sequence = snapshots.ledger_sequence
        and snapshots.feed = '{{ feed }}'
)
{% endmacro %}
