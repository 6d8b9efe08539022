{# What the supervision rules share: their parameters, and how evidence becomes signals. #}

{# CTE `parameters`: one row with the rule's values; NULL for one that the seed does not set, which never fires. #}
{% macro supervision_parameters(rule_id, names) -%}
parameters as (
    select
        {%- for name in names %}
        max(value) filter (where parameter = '{{ name }}') as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('dim_supervision_rule') }}
    where rule_id = '{{ rule_id }}'
)
{%- endmacro %}

{# As many record ids as a signal shows; `evidence_count` counts all of them. #}
{% macro evidence_limit() -%} 20 {%- endmacro %}

{# Active study records as intervals, each cut at the campaign's limit as the hours are: CTE `study`. #}
{% macro cut_study_records() -%}
study as (
    select
        records.registration_sk,
        records.platform_id,
        records.record_id,
        records.device_id,
        records.started_at,
        least(
            records.ended_at, {{ add_hours('records.started_at', 'campaign.study_record_cut_hours') }}
        ) as ended_at
    from {{ ref('fct_learning_record') }} as records
    cross join {{ ref('dim_campaign') }} as campaign
    where records.is_active_record and records.kind = 'study' and records.ended_at > records.started_at
)
{%- endmacro %}

{# How a subject that several senders could number alike is named. #}
{% macro named_within(sender, number) -%} ({{ sender }} || '/' || {{ number }}) {%- endmacro %}

{# CTE `evidence` of a rule that doubts single claims: each of `doubtful`, rows of fct_claim with their subject_id, on its `day`. #}
{% macro evidence_of_claims(doubtful, day='claimed_on') -%}
evidence as (
    select
        subject_id,
        cast({{ day }} as timestamp) as first_at,
        cast({{ day }} as timestamp) as last_at,
        payment_id as evidence_id,
        sender_id,
        cast({{ day }} as timestamp) as happened_at,
        person_sk,
        platform_id,
        payee_uscc as institution_uscc,
        false as is_withdrawn
    from {{ doubtful }}
)
{%- endmacro %}

{# CTE `claims` of such a rule: they are what is at risk. #}
{% macro doubtful_claims(doubtful) -%}
claims as (select subject_id, sender_id, payment_id, amount_cny, status from {{ doubtful }})
{%- endmacro %}

{# CTE `claims` of a rule whose evidence hangs on registrations: the claims matched to them; `dated` where a subject
   has other registrations in each period. #}
{% macro claims_of_registrations(dated=false) -%}
claims as (
    select
        concerned.subject_id,
        {%- if dated %}
        concerned.last_at,
        {%- endif %}
        claimed.sender_id,
        claimed.payment_id,
        claimed.amount_cny,
        claimed.status
    from (select distinct subject_id, {{ 'last_at, ' if dated }}registration_sk from evidence) as concerned
    inner join {{ ref('fct_claim') }} as claimed on concerned.registration_sk = claimed.registration_sk
)
{%- endmacro %}

{# CTE `claims` of a rule that doubts all that a person did: everything paid or to be paid for that person. #}
{% macro claims_of_persons() -%}
claims as (
    select concerned.subject_id, claimed.sender_id, claimed.payment_id, claimed.amount_cny, claimed.status
    from (select distinct subject_id, person_sk from evidence) as concerned
    inner join {{ ref('fct_claim') }} as claimed on concerned.person_sk = claimed.person_sk
)
{%- endmacro %}

{# The day of a moment, or where it lies outside them the nearest of CTE `bounds`. #}
{% macro day_within_bounds(moment) -%}
    least(greatest(cast({{ moment }} as date), bounds.first_day), bounds.clock_day)
{%- endmacro %}

{# A rule's last step: from CTEs `evidence` and `claims` to one signal per subject and period.

   evidence  one row a record: subject_id; first_at, last_at of the occurrence it belongs to, whose period is that of
             last_at; evidence_id, sender_id, happened_at of the record; person_sk, platform_id, institution_uscc: the
             parties whose penalty answers the signal (NULL = none); is_withdrawn: what is doubted no longer stands
   claims    one row a claim at risk: subject_id, sender_id, payment_id, amount_cny, status. `dated_claims`: also
             last_at of the occurrence that puts it at risk; it counts in that period's signal, once

   What happened before the action or after the clock stands in the first period or the running one. #}
{% macro signals(rule_id, subject_kind, dated_claims=false) %}
bounds as (select first_day, clock_day from {{ ref('dim_campaign') }}),

records as (
    select
        evidence.subject_id,
        days.period_start,
        evidence.sender_id,
        evidence.evidence_id,
        min(evidence.happened_at) as happened_at,
        min(evidence.first_at) as first_at,
        max(evidence.last_at) as last_at,
        max(evidence.person_sk) as person_sk,
        max(evidence.platform_id) as platform_id,
        max(evidence.institution_uscc) as institution_uscc,
        bool_and(evidence.is_withdrawn) as is_withdrawn
    from evidence
    cross join bounds
    inner join {{ ref('dim_day') }} as days
        on days.day = {{ day_within_bounds('evidence.last_at') }}
    group by evidence.subject_id, days.period_start, evidence.sender_id, evidence.evidence_id
),

subjects as (
    select
        subject_id,
        period_start,
        min(first_at) as first_at,
        max(last_at) as last_at,
        count(*) as evidence_count,
        {{ first_elements('evidence_id', ['happened_at', 'sender_id', 'evidence_id'], evidence_limit()) }} as evidence,
        {{ first_elements('sender_id', ['happened_at', 'sender_id', 'evidence_id'], evidence_limit()) }} as evidence_senders,
        max(person_sk) as person_sk,
        max(platform_id) as platform_id,
        max(institution_uscc) as institution_uscc,
        bool_and(is_withdrawn) as is_withdrawn
    from records
    group by subject_id, period_start
),

{%- if dated_claims %}

claims_of_periods as (
    select distinct
        claims.subject_id,
        days.period_start,
        claims.sender_id,
        claims.payment_id,
        claims.amount_cny,
        claims.status
    from claims
    cross join bounds
    inner join {{ ref('dim_day') }} as days
        on days.day = {{ day_within_bounds('claims.last_at') }}
),
{%- endif %}

at_risk as (
    select
        subjects.subject_id,
        subjects.period_start,
        sum(case when claims.status <> 'rejected' then claims.amount_cny else 0 end) as amount_at_risk_cny,
        count(*) as claims_count,
        count(*) filter (where claims.status = 'rejected') as rejected_claims_count,
        count(*) filter (where claims.status = 'recovered') as recovered_claims_count
    from subjects
    {%- if dated_claims %}
    inner join claims_of_periods as claims
        on subjects.subject_id = claims.subject_id
        and subjects.period_start = claims.period_start
    {%- else %}
    inner join claims on subjects.subject_id = claims.subject_id
    {%- endif %}
    group by subjects.subject_id, subjects.period_start
)

select
    '{{ rule_id }}' as rule_id,
    '{{ subject_kind }}' as subject_kind,
    subjects.subject_id,
    subjects.period_start,
    cast(subjects.first_at as timestamp) as first_at,
    cast(subjects.last_at as timestamp) as last_at,
    subjects.evidence_count,
    cast(coalesce(at_risk.amount_at_risk_cny, 0) as decimal(18, 2)) as amount_at_risk_cny,
    subjects.evidence,
    subjects.evidence_senders,
    coalesce(at_risk.claims_count, 0) as claims_count,
    coalesce(at_risk.rejected_claims_count, 0) as rejected_claims_count,
    coalesce(at_risk.recovered_claims_count, 0) as recovered_claims_count,
    subjects.is_withdrawn,
    subjects.person_sk,
    subjects.platform_id,
    subjects.institution_uscc
from subjects
left join at_risk
    on subjects.subject_id = at_risk.subject_id
    and subjects.period_start = at_risk.period_start
{% endmacro %}

{% macro minute_microseconds() -%} 60000000 {%- endmacro %}
