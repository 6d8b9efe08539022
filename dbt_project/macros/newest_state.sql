{# The newest state of every record of a feed, and where a snapshot feed says so, the day it ended.

   Of the rows with one (sender, key) the greatest `version`, then the greatest ledger sequence, then the greatest position
   in its batch is the record's state; every filter comes after that. `ended_on` is the day of the first snapshot that no
   longer held the key, and null for whoever is still in the newest one (and for every feed that sends no snapshots). A
   snapshot holds a key as well where it names it in refused rows only: the state stays what it was.

   Most keys have one row. Sorting them all would be most of a build's work, so only those whose quick hash occurs twice
   are sorted; two keys that happen to share a hash are sorted too, each among its own rows. #}
{% macro newest_state(feed, key, version='updated_at') %}
{%- set key_hash = quick_hash(['sender_id', record_key(key)]) -%}
{%- set key_columns = 'landed.sender_id, landed.' ~ key | join(', landed.') -%}
{#- Each of the three reads the table itself: a CTE of all its columns, used thrice, would be written out first -#}
{%- set landed = source('raw', feed) -%}
with

snapshots as (
    select sender_id, ledger_sequence, snapshot_sequence, ended_on from {{ ref('stg_snapshots') }} where feed = '{{ feed }}'
),

refused as (
    select
        sender_id,
        record_key,
        max(snapshot_sequence) as last_refused_sequence
    from {{ ref('stg_refused_keys') }}
    where feed = '{{ feed }}'
    group by sender_id, record_key
),

repeated as (
    select {{ key_hash }} as key_hash
    from {{ landed }}
    group by key_hash
    having count(*) > 1

    union all

    -- Seen again, though without a state
    select {{ quick_hash(['sender_id', 'record_key']) }} from refused
),

contested as (
    select
        landed.*,
        row_number() over (
            partition by {{ key_columns }}
            order by {{ version ~ ' desc, ' if version }}_ledger_sequence desc, _position desc
        ) as state_rank,
        greatest(
            max(snapshots.snapshot_sequence) over (partition by {{ key_columns }}), refused.last_refused_sequence
        ) as last_seen_sequence
    from (select * from {{ landed }} where {{ key_hash }} in (select key_hash from repeated)) as landed
    left join snapshots
        on landed.sender_id = snapshots.sender_id
        and landed._ledger_sequence = snapshots.ledger_sequence
    left join refused
        on landed.sender_id = refused.sender_id
        and {{ record_key(key, 'landed.') }} = refused.record_key
),

states as (
    select
        *,
        1 as state_rank,
        _ledger_sequence as last_seen_sequence
    from {{ landed }}
    where {{ key_hash }} not in (select key_hash from repeated)

    union all

    select * from contested where state_rank = 1
),

newest as (
    select
        states.*,
        snapshots.ended_on
    from states
    left join snapshots
        on states.sender_id = snapshots.sender_id
        and states.last_seen_sequence = snapshots.ledger_sequence
)
{% endmacro %}

{# The key of a landed row in the form that stg_refused_keys has it in. #}
{% macro record_key(key, prefix='') -%}
    {%- if key | length == 1 -%} {{ prefix ~ key[0] }}
    {%- else -%} concat_ws(chr(31){% for column in key %}, cast({{ prefix ~ column }} as varchar){% endfor %})
    {%- endif -%}
{%- endmacro %}
