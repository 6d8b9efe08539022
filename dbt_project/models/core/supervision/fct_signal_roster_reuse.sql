with

{{ supervision_parameters('roster_reuse', ['min_shared_share']) }},

projects as (
    select *
    from {{ ref('dim_training_project') }}
    -- a catalogue entry is an offer, not a project with a roster
    where kind <> 'catalogue'
),

-- Project numbers are each bureau's own: where two bureaus use one, a registration belongs to its province's
senders as (select project_id, count(*) as senders_count from projects group by project_id),

registrations as (
    select
        projects.province_code,
        projects.project_id,
        registrations.registration_sk,
        registrations.registration_id,
        registrations.platform_id,
        registrations.person_sk,
        registrations.registered_at
    from {{ ref('fct_registration') }} as registrations
    inner join senders on registrations.project_id = senders.project_id
    inner join projects
        on registrations.project_id = projects.project_id
        and (senders.senders_count = 1 or projects.province_code = registrations.province_code)
    where registrations.is_counted
),

learners as (
    select distinct
        registrations.province_code,
        registrations.project_id,
        registrations.person_sk,
        projects.starts_on,
        projects.ends_on
    from registrations
    inner join projects
        on registrations.province_code = projects.province_code
        and registrations.project_id = projects.project_id
),

rosters as (
    select province_code, project_id, count(*) as learners_count
    from learners
    group by province_code, project_id
),

shared as (
    select
        learners.province_code,
        learners.project_id,
        others.province_code as other_province_code,
        others.project_id as other_project_id,
        count(*) as shared_count
    from learners
    inner join learners as others
        on learners.person_sk = others.person_sk
        and (learners.province_code <> others.province_code or learners.project_id <> others.project_id)
        and (others.ends_on is null or learners.starts_on <= others.ends_on)
        and (learners.ends_on is null or others.starts_on <= learners.ends_on)
    group by learners.province_code, learners.project_id, others.province_code, others.project_id
),

reused as (
    select shared.*
    from shared
    inner join rosters
        on shared.province_code = rosters.province_code
        and shared.project_id = rosters.project_id
    cross join parameters
    where shared.shared_count >= parameters.min_shared_share * rosters.learners_count
),

-- Whoever stands in one of the projects whose roster this one shares
doubles as (
    select distinct
        reused.province_code,
        reused.project_id,
        others.person_sk
    from reused
    inner join learners as others
        on reused.other_province_code = others.province_code
        and reused.other_project_id = others.project_id
),

evidence as (
    select
        {{ named_within('registrations.province_code', 'registrations.project_id') }} as subject_id,
        min(registrations.registered_at) over one_project as first_at,
        max(registrations.registered_at) over one_project as last_at,
        registrations.registration_id as evidence_id,
        registrations.platform_id as sender_id,
        registrations.registered_at as happened_at,
        registrations.registration_sk,
        registrations.province_code,
        registrations.project_id,
        cast(null as bigint) as person_sk,
        cast(null as varchar) as platform_id,
        coalesce(projects.institution_uscc, projects.enterprise_uscc) as institution_uscc,
        false as is_withdrawn
    from doubles
    inner join registrations
        on doubles.province_code = registrations.province_code
        and doubles.project_id = registrations.project_id
        and doubles.person_sk = registrations.person_sk
    inner join projects
        on registrations.province_code = projects.province_code
        and registrations.project_id = projects.project_id
    window one_project as (partition by registrations.province_code, registrations.project_id)
),

-- The project's own payments, and what was claimed for the learners who stand in two
claims as (
    select concerned.subject_id, claimed.sender_id, claimed.payment_id, claimed.amount_cny, claimed.status
    from (select distinct subject_id, province_code, project_id from evidence) as concerned
    inner join {{ ref('fct_claim') }} as claimed
        on concerned.province_code = claimed.sender_id
        and concerned.project_id = claimed.project_id

    union all

    select concerned.subject_id, claimed.sender_id, claimed.payment_id, claimed.amount_cny, claimed.status
    from (select distinct subject_id, registration_sk from evidence) as concerned
    inner join {{ ref('fct_claim') }} as claimed on concerned.registration_sk = claimed.registration_sk
),

{{ signals('roster_reuse', 'project') }}
