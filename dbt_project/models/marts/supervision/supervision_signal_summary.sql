select
    period_start,
    rule_id,
    rule_name_zh,
    subject_kind,
    subject_kind_name_zh,
    severity,
    count(*) as signals_count,
    count(*) filter (where outcome = 'open') as open_count,
    count(*) filter (where outcome = 'penalised') as penalised_count,
    count(*) filter (where outcome = 'recovered') as recovered_count,
    count(*) filter (where outcome = 'cleared') as cleared_count,
    cast(sum(amount_at_risk_cny) as decimal(18, 2)) as amount_at_risk_cny
from {{ ref('supervision_signal') }}
group by period_start, rule_id, rule_name_zh, subject_kind, subject_kind_name_zh, severity
