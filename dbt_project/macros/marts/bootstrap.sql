{# CTE `arrivals` and what it needs: the day on which each draw of a block bootstrap has risen by what is missing. One
   row per period_start × target_code × province_code × draw, for draws that arrive within the horizon; with last_day.

   stated     one row a period and target: as_at, last_day, missing_value
   seen_days  one row a period, target and day seen: increase; place, from 0; days_count

   The numbers come from a hash of the draw's own, with a fixed seed: the same on each run and on each engine. #}
{% macro drawn_arrivals(stated, seen_days, draws, block_days) -%}
{%- set keys = ['period_start', 'target_code', 'province_code'] -%}
{%- set using = 'using (' ~ keys | join(', ') ~ ')' -%}
draws as (select {{ each_number(draws) }} as draw),

block_places as (select {{ each_number(block_days) }} as block_place),

block_numbers as (
    select {{ each_number('(' ~ var('forecast_horizon_days') ~ ' / ' ~ block_days ~ ')') }} as block_number
),

measured as (
    select
        {{ keys | join(', ') }},
        max(days_count) as days_count,
        -- Two fewer than were seen: what is drawn from so few varies less than they do, and this makes up for it
        greatest(cast(ceil(max(days_count) / cast({{ block_days }} as double)) as bigint) - 2, 1) as blocks_count
    from {{ seen_days }}
    group by {{ keys | join(', ') }}
),

-- A block may begin on any day seen; past the last one it goes on with the first
block_days as (
    select
        {{ keys | join(', ') }}, first_days.place as first_place, block_places.block_place,
        sum(seen.increase) over (
            partition by {{ keys | join(', ') }}, first_days.place order by block_places.block_place
        ) as risen
    from {{ seen_days }} as first_days
    cross join block_places
    inner join {{ seen_days }} as seen {{ using }}
    where seen.place = (first_days.place + block_places.block_place) % first_days.days_count
),

blocks as (
    select
        {{ keys | join(', ') }}, first_place,
        max_by(risen, block_place) as rise,
        max(risen) as peak
    from block_days
    group by {{ keys | join(', ') }}, first_place
),

resampled as (
    select draws.draw, block_numbers.block_number as slot, {{ drawn_number('past', 'draws.draw', 'block_numbers.block_number') }} as number
    from draws
    cross join block_numbers
    where block_numbers.block_number < (select max(blocks_count) from measured)
),

ahead as (
    select draws.draw, block_numbers.block_number, {{ drawn_number('ahead', 'draws.draw', 'block_numbers.block_number') }} as number
    from draws
    cross join block_numbers
),

risen as (
    select
        measured.*, ahead.draw, ahead.block_number, blocks.first_place, blocks.peak,
        sum(blocks.rise) over (
            partition by {{ keys | join(', ') }}, ahead.draw order by ahead.block_number
        ) - blocks.rise as risen_before
    from measured
    cross join ahead
    inner join resampled on ahead.draw = resampled.draw and resampled.slot = ahead.number % measured.blocks_count
    inner join blocks {{ using }}
    where blocks.first_place = resampled.number % measured.days_count
),

crossed as (
    select
        {{ keys | join(', ') }}, risen.draw, stated.as_at, stated.last_day, stated.missing_value,
        min(risen.block_number) as block_number,
        min_by(risen.first_place, risen.block_number) as first_place,
        min_by(risen.risen_before, risen.block_number) as risen_before
    from risen
    inner join {{ stated }} as stated {{ using }}
    where risen.risen_before + risen.peak >= stated.missing_value
    group by {{ keys | join(', ') }}, risen.draw, stated.as_at, stated.last_day, stated.missing_value
),

arrivals as (
    select
        {{ keys | join(', ') }}, crossed.draw, crossed.last_day,
        min({{ add_days('crossed.as_at', 'crossed.block_number * ' ~ block_days ~ ' + block_days.block_place + 1') }}) as arrives_on
    from crossed
    inner join block_days using ({{ keys | join(', ') }}, first_place)
    where crossed.risen_before + block_days.risen >= crossed.missing_value
    group by {{ keys | join(', ') }}, crossed.draw, crossed.last_day
)
{%- endmacro %}

{# The number, 0 to 2³² − 1, that a step of a draw gets. #}
{% macro drawn_number(purpose, draw, step) -%}
{{ text_number("'" ~ var('forecast_seed') ~ "/" ~ purpose ~ "/' || " ~ draw ~ " || '/' || " ~ step) }}
{%- endmacro %}
