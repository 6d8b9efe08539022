{#
    Every state that a record of `feed` was ever known in, with the time it was known.

    Of the rows with one (sender, key), in the order they came, a row is the record's state from its arrival on when its
    `updated_at` is at least that of every row before it: just what `newest_state` would have said then. Of several that
    came in one batch the last stands. `known_from` (inclusive) to `known_to` (exclusive); `first_known_at` is the
    record's first arrival, `ended_at` that of the snapshot which no longer held it before the next state came, `earliest_at` the least `moment` of
    all its states. As in `newest_state`, only keys whose quick hash occurs twice are sorted, and what a snapshot names in
    refused or outdated rows only stays what it was: as if it had sent once more the state that stood. `keys_where` leaves out the keys of
    which no row meets it; of the others every row counts, or an outdated one would stand where a newer one does not meet it.
#}
{% macro state_history(feed, key, columns, moment, keys_where=none) %}
{%- set key_columns = (['sender_id'] + key) | join(', ') -%}
{%- set content = columns | join(',\n        ') -%}
{%- set key_hash = quick_hash(['sender_id', record_key(key)]) -%}
with

landed as (
    select
        {{ key_columns }},
        {{ content }},
        updated_at,
        {{ moment }} as moment,
        _ledger_sequence,
        _position,
        _received_at,
        {{ key_hash }} as key_hash
    from {{ source('raw', feed) }}
    {%- if keys_where %}
    where {{ key_hash }} in (select {{ key_hash }} from {{ source('raw', feed) }} where {{ keys_where }})
    {%- endif %}
),

snapshots as (
    select sender_id, ledger_sequence, snapshot_sequence, ended_at from {{ ref('stg_snapshots') }} where feed = '{{ feed }}'
),

refused as (
    select
        sender_id,
        record_key,
        ledger_sequence,
        received_at,
        {{ quick_hash(['sender_id', 'record_key']) }} as key_hash
    from {{ ref('stg_refused_keys') }}
    where feed = '{{ feed }}'
),

repeated as (
    select key_hash
    from landed
    group by key_hash
    having count(*) > 1

    union all

    select key_hash from refused
),

dated as (
    select
        *,
        max(updated_at) over (
            partition by {{ key_columns }}
            order by _ledger_sequence, _position
            rows between unbounded preceding and current row
        ) as newest_until_then
    from landed
    where key_hash in (select key_hash from repeated)
),

unchanged as (
    select * from refused

    union all

    select
        sender_id,
        {{ record_key(key) }},
        _ledger_sequence,
        _received_at,
        key_hash
    from dated
    where updated_at < newest_until_then and sender_id in (select sender_id from snapshots)
),

stood as (
    select
        landed.*,
        unchanged.ledger_sequence,
        unchanged.received_at,
        row_number() over (
            partition by unchanged.sender_id, unchanged.record_key, unchanged.ledger_sequence
            order by landed.updated_at desc, landed._ledger_sequence desc, landed._position desc
        ) as state_rank
    from unchanged
    inner join landed
        on unchanged.key_hash = landed.key_hash
        and unchanged.sender_id = landed.sender_id
        and unchanged.record_key = {{ record_key(key, 'landed.') }}
        and unchanged.ledger_sequence > landed._ledger_sequence
),

known as (
    select
        {{ key_columns }},
        {{ content }},
        updated_at,
        newest_until_then,
        moment,
        _ledger_sequence,
        _position,
        _received_at
    from dated

    union all

    select
        {{ key_columns }},
        {{ content }},
        updated_at,
        updated_at,
        moment,
        ledger_sequence,
        0,
        received_at
    from stood
    where state_rank = 1
),

seen as (
    select
        known.*,
        snapshots.snapshot_sequence
    from known
    left join snapshots
        on known.sender_id = snapshots.sender_id
        and known._ledger_sequence = snapshots.ledger_sequence

    union all

    -- What a replay took again was seen already in the place of what it replaced, in a state that is gone
    select
        {% for column in ['sender_id'] + key %}landed.{{ column }}, {% endfor %}
        {% for _ in columns + ['updated_at', 'newest_until_then', 'moment'] %}null, {% endfor %}
        replays.snapshot_sequence,
        0,
        null,
        replays.snapshot_sequence
    from landed
    inner join (select * from snapshots where snapshot_sequence < ledger_sequence) as replays
        on landed.sender_id = replays.sender_id
        and landed._ledger_sequence = replays.ledger_sequence
    where landed.key_hash in (select key_hash from repeated)
),

contested as (
    select
        *,
        max(snapshot_sequence) over (partition by {{ key_columns }}) as last_seen_sequence,
        max(snapshot_sequence) over (
            partition by {{ key_columns }} order by _ledger_sequence range between unbounded preceding and 1 preceding
        ) as seen_before_sequence,
        min(_received_at) over (partition by {{ key_columns }}) as first_known_at,
        min(moment) over (partition by {{ key_columns }}) as earliest_at
    from seen
),

ranked as (
    select
        *,
        row_number() over (partition by {{ key_columns }}, _ledger_sequence order by _position desc) as place_in_batch
    from contested
    where updated_at = newest_until_then
),

states as (
    select
        {{ key_columns }},
        {{ content }},
        -- The snapshot that last held the key while this state stood
        coalesce(
            lead(seen_before_sequence) over (partition by {{ key_columns }} order by _ledger_sequence), last_seen_sequence
        ) as last_seen_sequence,
        first_known_at,
        earliest_at,
        false as is_only_state,
        _received_at as known_from,
        coalesce(
            lead(_received_at) over (partition by {{ key_columns }} order by _ledger_sequence), {{ end_of_time() }}
        ) as known_to
    from ranked
    where place_in_batch = 1

    union all

    select
        {{ key_columns }},
        {{ content }},
        _ledger_sequence,
        _received_at,
        moment,
        true,
        _received_at,
        {{ end_of_time() }}
    from landed
    where key_hash not in (select key_hash from repeated)
),

history as (
    select
        states.*,
        -- A key that the next snapshot holds again has not ended; one that comes back later begins anew then
        case when snapshots.ended_at < states.known_to then snapshots.ended_at end as ended_at
    from states
    left join snapshots
        on states.sender_id = snapshots.sender_id
        and states.last_seen_sequence = snapshots.ledger_sequence
    where states.known_from < states.known_to
)
{% endmacro %}

{% macro end_of_time() -%} cast('9999-12-31 00:00:00' as timestamp) {%- endmacro %}
{# As late as can be asked for; still before the end of time. #}
{% macro latest_moment() -%} cast('9999-01-01 00:00:00' as timestamp) {%- endmacro %}

{# Inside a join of a history with comparisons, whose moments go by their own names, and the steps of each: the state known
   before (of a record that came later its first one) … #}
{% macro is_known_before(history) -%}
    {{ history }}.known_from <= greatest(from_at, {{ history }}.first_known_at)
    and {{ history }}.known_to > greatest(from_at, {{ history }}.first_known_at)
{%- endmacro %}
{# … and the state known after. #}
{% macro is_known_after(history) -%}
    {{ history }}.known_from <= to_at and {{ history }}.known_to > to_at
{%- endmacro %}

{# Place of a class of change in the bridge's order, as in dim_known_step. #}
{% macro number_of_step(class) -%}
    {%- set steps = ['known_before', 'late_arrival', 'correction', 'cancellation', 'verification', 'recoding', 'roster', 'rule'] -%}
    {{ steps.index(class) }}
{%- endmacro %}

{# A column of the state after from the step of its class of change on, before that of the state before. #}
{% macro from_step(class, column) -%}
    case when step_number >= {{ number_of_step(class) }} then later.{{ column }} else earlier.{{ column }} end
{%- endmacro %}
{% macro moment_of_step(class, before='from_at', after='to_at') -%}
    case when step_number >= {{ number_of_step(class) }} then {{ after }} else {{ before }} end
{%- endmacro %}
{# Whether a record had come: what came later is there from the first step on. #}
{% macro had_come(history='earlier') -%} (step_number > 0 or {{ history }}.first_known_at <= from_at) {%- endmacro %}
{# Whether a snapshot had left the record out, as the step of cancellations has it. #}
{% macro had_ended(ended_at=none) -%}
    coalesce({{ ended_at or from_step('cancellation', 'ended_at') }} <= {{ moment_of_step('cancellation') }}, false)
{%- endmacro %}

{# In a select list: one row for each step up to the last that changes anything. Exploded first and joined afterwards: a join
   of few steps with many rows on equality would put all rows of a step into one chain. #}
{% macro each_step(last_step) -%} cast({{ each_number(last_step ~ ' + 1') }} as integer) {%- endmacro %}
