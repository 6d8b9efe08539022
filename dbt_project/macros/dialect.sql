{# The only file that may know which engine runs the models. Everything here differs between DuckDB and Spark; what is
   written in models runs the same on both. #}

{# Whole days from one DATE to another. #}
{% macro days_from_to(first, last) -%} {{ return(adapter.dispatch('days_from_to')(first, last)) }} {%- endmacro %}
{% macro default__days_from_to(first, last) -%} datediff('day', {{ first }}, {{ last }}) {%- endmacro %}
{% macro spark__days_from_to(first, last) -%} datediff({{ last }}, {{ first }}) {%- endmacro %}

{# A DATE so many days later (or earlier, with a negative number). #}
{% macro add_days(day, days) -%} {{ return(adapter.dispatch('add_days')(day, days)) }} {%- endmacro %}
{% macro default__add_days(day, days) -%} ({{ day }} + cast({{ days }} as integer)) {%- endmacro %}
{% macro spark__add_days(day, days) -%} date_add({{ day }}, {{ days }}) {%- endmacro %}

{# A TIMESTAMP so many hours later. #}
{% macro add_hours(moment, hours) -%} {{ return(adapter.dispatch('add_hours')(moment, hours)) }} {%- endmacro %}
{% macro default__add_hours(moment, hours) -%} ({{ moment }} + to_hours({{ hours }})) {%- endmacro %}
{% macro spark__add_hours(moment, hours) -%} ({{ moment }} + make_dt_interval(0, {{ hours }}, 0, 0)) {%- endmacro %}

{# Exact microseconds from one TIMESTAMP to another, BIGINT. #}
{% macro microseconds_between(first, last) -%} {{ return(adapter.dispatch('microseconds_between')(first, last)) }} {%- endmacro %}
{% macro default__microseconds_between(first, last) -%} (epoch_us({{ last }}) - epoch_us({{ first }})) {%- endmacro %}
{% macro spark__microseconds_between(first, last) -%} (unix_micros({{ last }}) - unix_micros({{ first }})) {%- endmacro %}

{# In a select list: one row for each element of a list. #}
{% macro each_element(list) -%} {{ return(adapter.dispatch('each_element')(list)) }} {%- endmacro %}
{% macro default__each_element(list) -%} unnest({{ list }}) {%- endmacro %}
{% macro spark__each_element(list) -%} explode({{ list }}) {%- endmacro %}

{# In a select list: one row for each day from one to another, both included. #}
{% macro each_day(first, last) -%} {{ return(adapter.dispatch('each_day')(first, last)) }} {%- endmacro %}
{% macro default__each_day(first, last) -%}
    cast(unnest(generate_series(cast({{ first }} as timestamp), cast({{ last }} as timestamp), interval 1 day)) as date)
{%- endmacro %}
{% macro spark__each_day(first, last) -%} explode(sequence({{ first }}, {{ last }}, interval 1 day)) {%- endmacro %}

{# True when the whole of a text fits a regular expression. #}
{% macro fits(text, pattern) -%} {{ return(adapter.dispatch('fits')(text, pattern)) }} {%- endmacro %}
{% macro default__fits(text, pattern) -%} regexp_full_match({{ text }}, '{{ pattern }}') {%- endmacro %}
{% macro spark__fits(text, pattern) -%} ({{ text }} rlike '^({{ pattern }})$') {%- endmacro %}

{# Whole quotient of two whole numbers ≥ 0. #}
{% macro whole_quotient(number, divisor) -%} {{ return(adapter.dispatch('whole_quotient')(number, divisor)) }} {%- endmacro %}
{% macro default__whole_quotient(number, divisor) -%} (({{ number }}) // {{ divisor }}) {%- endmacro %}
{% macro spark__whole_quotient(number, divisor) -%} (({{ number }}) div {{ divisor }}) {%- endmacro %}

{# A list from a text whose elements stand between semicolons; NULL stays NULL. #}
{% macro split_list(text) -%} {{ return(adapter.dispatch('split_list')(text)) }} {%- endmacro %}
{% macro default__split_list(text) -%} string_split({{ text }}, ';') {%- endmacro %}
{% macro spark__split_list(text) -%} split({{ text }}, ';') {%- endmacro %}

{# The elements of a list that are not NULL, in their order. #}
{% macro without_nulls(list) -%} {{ return(adapter.dispatch('without_nulls')(list)) }} {%- endmacro %}
{% macro default__without_nulls(list) -%} list_filter({{ list }}, lambda element: element is not null) {%- endmacro %}
{% macro spark__without_nulls(list) -%} filter({{ list }}, element -> element is not null) {%- endmacro %}

{# A 64-bit hash of some columns, never null: to narrow down, never a key, since two values may share it and engines differ. #}
{% macro quick_hash(columns) -%} {{ return(adapter.dispatch('quick_hash')(columns)) }} {%- endmacro %}
{% macro default__quick_hash(columns) -%} hash({{ columns | join(', ') }}) {%- endmacro %}
{% macro spark__quick_hash(columns) -%} xxhash64({{ columns | join(', ') }}) {%- endmacro %}

{# In a select list: one row for each whole number from 0, so many of them. #}
{% macro each_number(count) -%} {{ return(adapter.dispatch('each_number')(count)) }} {%- endmacro %}
{% macro default__each_number(count) -%} unnest(range(cast({{ count }} as bigint))) {%- endmacro %}
{% macro spark__each_number(count) -%} explode(sequence(0L, cast({{ count }} as bigint) - 1)) {%- endmacro %}

{# A whole number from 0 to 2³² − 1 out of a text, BIGINT: the same on both engines, unlike quick_hash. #}
{% macro text_number(text) -%} {{ return(adapter.dispatch('text_number')(text)) }} {%- endmacro %}
{% macro default__text_number(text) -%} cast('0x' || left(md5({{ text }}), 8) as bigint) {%- endmacro %}
{% macro spark__text_number(text) -%} cast(conv(left(md5({{ text }}), 8), 16, 10) as bigint) {%- endmacro %}

{# All values of a group as a sorted list: in whatever order they came, two builds of the same rows would differ. #}
{% macro list_of(value, condition) -%} {{ return(adapter.dispatch('list_of')(value, condition)) }} {%- endmacro %}
{% macro default__list_of(value, condition) -%} list({{ value }} order by {{ value }}) filter (where {{ condition }}) {%- endmacro %}
{% macro spark__list_of(value, condition) -%} sort_array(collect_list({{ value }}) filter (where {{ condition }})) {%- endmacro %}

{# Aggregate over earlier rows of an account, in order: what each asked for and its own rule's cap; NULL where none did. #}
{% macro earlier_claims(amount, is_due, window) -%} {{ return(adapter.dispatch('earlier_claims')(amount, is_due, window)) }} {%- endmacro %}
{% macro default__earlier_claims(amount, is_due, window) -%}
    list({'amount': cast({{ amount }} as decimal(18, 2)), 'cap': cast(cap_cny as decimal(18, 2))})
        filter (where {{ is_due }} and cap_cny is not null) over {{ window }}
{%- endmacro %}
{% macro spark__earlier_claims(amount, is_due, window) -%}
    collect_list(case when {{ is_due }} and cap_cny is not null then named_struct(
        'amount', cast({{ amount }} as decimal(18, 2)), 'cap', cast(cap_cny as decimal(18, 2))
    ) end) over {{ window }}
{%- endmacro %}

{# What `earlier_claims` took, each cut by the cap of its own rule; caps of one account may differ. #}
{% macro taken_of(earlier) -%} {{ return(adapter.dispatch('taken_of')(earlier)) }} {%- endmacro %}
{% macro default__taken_of(earlier) -%}
    coalesce(list_reduce(
        list_prepend({'amount': cast(0 as decimal(18, 2)), 'cap': cast(0 as decimal(18, 2))}, {{ earlier }}),
        lambda taken, claim: {
            'amount': cast(greatest(taken.amount, least(taken.amount + claim.amount, claim.cap)) as decimal(18, 2)),
            'cap': claim.cap
        }
    ).amount, 0)
{%- endmacro %}
{% macro spark__taken_of(earlier) -%}
    aggregate(
        {{ earlier }}, cast(0 as decimal(18, 2)),
        (taken, claim) -> cast(greatest(taken, least(taken + claim.amount, claim.cap)) as decimal(18, 2))
    )
{%- endmacro %}

{# Aggregate over earlier days of a person and year, in order: the limit of each earned day's rule; NULL where none was earned. #}
{% macro earlier_limits(window) -%} {{ return(adapter.dispatch('earlier_limits')(window)) }} {%- endmacro %}
{% macro default__earlier_limits(window) -%} list({{ day_limit() }}) filter (where is_earned) over {{ window }} {%- endmacro %}
{% macro spark__earlier_limits(window) -%} collect_list(case when is_earned then {{ day_limit() }} end) over {{ window }} {%- endmacro %}

{# How many of `earlier_limits` were paid: a day over its own rule's limit is not, and leaves the rest to later ones. #}
{% macro days_used(earlier) -%} {{ return(adapter.dispatch('days_used')(earlier)) }} {%- endmacro %}
{% macro default__days_used(earlier) -%}
    coalesce(list_reduce(list_prepend(0, {{ earlier }}), lambda used, most: case when used < most then used + 1 else used end), 0)
{%- endmacro %}
{% macro spark__days_used(earlier) -%}
    aggregate({{ earlier }}, 0, (used, most) -> case when used < most then used + 1 else used end)
{%- endmacro %}

{# The first elements of a group, in an order. #}
{% macro first_elements(element, order, limit) -%}
    {{ return(adapter.dispatch('first_elements')(element, order, limit)) }}
{%- endmacro %}
{% macro default__first_elements(element, order, limit) -%} list({{ element }} order by {{ order | join(', ') }})[1:{{ limit }}] {%- endmacro %}
{% macro spark__first_elements(element, order, limit) -%}
    slice(transform(array_sort(collect_list(struct({{ order | join(', ') }}, {{ element }} as element))), item -> item.element), 1, {{ limit }})
{%- endmacro %}
