with

signals as (select * from {{ ref('fct_signal') }}),

-- A rule's names and severity stand beside each of its parameters
rules as (
    select
        rule_id,
        min(name_zh) as rule_name_zh,
        min(severity) as severity
    from {{ ref('dim_supervision_rule') }}
    group by rule_id
)

select
    signals.rule_id,
    rules.rule_name_zh,
    signals.subject_kind,
    {{ label_zh('subject_kind', 'signals.subject_kind') }} as subject_kind_name_zh,
    signals.subject_id,
    signals.period_start,
    rules.severity,
    signals.first_at,
    signals.last_at,
    signals.evidence_count,
    signals.amount_at_risk_cny,
    signals.evidence,
    signals.evidence_senders,
    signals.outcome
from signals
inner join rules on signals.rule_id = rules.rule_id
