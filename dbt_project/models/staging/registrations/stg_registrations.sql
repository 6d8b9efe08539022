{{ newest_state('registrations', ['registration_id']) }}

select
    -- keys
    registration_sk,
    sender_id as platform_id,
    registration_id,
    person_sk,
    person_key,
    course_id,
    project_id,
    employer_uscc,
    region_code,

    -- the learner
    id_type,
    learner_name_masked,
    phone_last4,
    birth_year,
    sex,
    declared_groups,

    -- its state
    real_name_status,
    case when ended_on is not null then 'cancelled' else status end as status,

    -- when
    registered_at,
    cast(registered_at as date) as registered_on,
    updated_at,

    -- where it came from
    _batch_id as batch_id,
    _ledger_sequence as ledger_sequence,
    _position as position,
    _period_start as landed_period_start,
    ended_on
from newest
