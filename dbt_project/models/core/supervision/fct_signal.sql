{%- set rules = [
    'study_over_day_limit', 'concurrent_sessions', 'machine_paced_study', 'certificate_before_hours',
    'certificate_without_trace', 'shared_device', 'mass_certification', 'score_changed_after_issue', 'repeat_claim',
    'over_claim', 'claimed_over_entitled', 'payment_unmatched', 'wrong_fund', 'training_before_eligibility', 'working_age',
    'face_check_failing', 'idle_platform', 'roster_reuse', 'off_catalogue'
] -%}
with

signals as (
    {%- for rule in rules %}
    select * from {{ ref('fct_signal_' ~ rule) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

penalties as (select * from {{ ref('fct_penalty') }}),

-- The latest penalty on each party; one on an institution falls on the platform it runs, too, and one on an enterprise on
-- its projects, beside their institution's
sanctions as (
    select 'person' as party_kind, cast(person_sk as varchar) as party, decided_on
    from penalties
    where subject_kind = 'person'

    union all

    select subject_kind as party_kind, subject_id as party, decided_on
    from penalties
    where subject_kind in ('platform', 'institution')

    union all

    select 'platform' as party_kind, institutions.platform_id as party, penalties.decided_on
    from penalties
    inner join {{ ref('dim_institution') }} as institutions on penalties.subject_id = institutions.institution_uscc
    where penalties.subject_kind = 'institution' and institutions.platform_id is not null

    union all

    select
        'project' as party_kind,
        {{ named_within('projects.province_code', 'projects.project_id') }} as party,
        penalties.decided_on
    from penalties
    inner join {{ ref('dim_training_project') }} as projects on penalties.subject_id = projects.enterprise_uscc
    where penalties.subject_kind = 'institution'
),

last_sanctions as (
    select party_kind, party, max(decided_on) as decided_on
    from sanctions
    group by party_kind, party
),

answered as (
    select
        signals.*,
        greatest(persons.decided_on, platforms.decided_on, institutions.decided_on, projects.decided_on) as last_penalty_on
    from signals
    left join last_sanctions as persons
        on persons.party_kind = 'person' and cast(signals.person_sk as varchar) = persons.party
    left join last_sanctions as platforms
        on platforms.party_kind = 'platform' and signals.platform_id = platforms.party
    left join last_sanctions as institutions
        on institutions.party_kind = 'institution' and signals.institution_uscc = institutions.party
    left join last_sanctions as projects
        on projects.party_kind = 'project' and signals.subject_kind = 'project' and signals.subject_id = projects.party
)

-- As far as it has come: claim blocked, penalty, money back
select
    rule_id,
    subject_kind,
    subject_id,
    period_start,
    first_at,
    last_at,
    evidence_count,
    amount_at_risk_cny,
    evidence,
    evidence_senders,
    case
        when recovered_claims_count > 0 and recovered_claims_count = claims_count - rejected_claims_count then 'recovered'
        when last_penalty_on >= cast(first_at as date) then 'penalised'
        when is_withdrawn or (claims_count > 0 and rejected_claims_count = claims_count) then 'cleared'
        else 'open'
    end as outcome
from answered
