with

{{ supervision_parameters('idle_platform', ['idle_days', 'max_idle_share']) }},

campaign as (select clock from {{ ref('dim_campaign') }}),

-- Judged once its days are over: a registration of yesterday is not idle yet
judged as (
    select
        registrations.registration_sk,
        registrations.registration_id,
        registrations.platform_id,
        registrations.period_start,
        registrations.registered_at,
        coalesce(
            traces.first_record_at > {{ add_hours('registrations.registered_at', 'cast(24 * parameters.idle_days as bigint)') }},
            true
        ) as is_idle
    from {{ ref('fct_registration') }} as registrations
    cross join parameters
    cross join campaign
    left join {{ ref('fct_registration_trace') }} as traces on registrations.registration_sk = traces.registration_sk
    where
        registrations.is_counted
        and {{ add_hours('registrations.registered_at', 'cast(24 * parameters.idle_days as bigint)') }} <= campaign.clock
),

idle as (
    select
        platform_id,
        period_start,
        min(registered_at) filter (where is_idle) as first_at,
        max(registered_at) filter (where is_idle) as last_at
    from judged
    group by platform_id, period_start
    having count(*) filter (where is_idle) > (select max_idle_share from parameters) * count(*)
),

evidence as (
    select
        idle.platform_id as subject_id,
        idle.first_at,
        idle.last_at,
        judged.registration_id as evidence_id,
        judged.platform_id as sender_id,
        judged.registered_at as happened_at,
        judged.registration_sk,
        cast(null as bigint) as person_sk,
        idle.platform_id,
        cast(null as varchar) as institution_uscc,
        false as is_withdrawn
    from idle
    inner join judged on idle.platform_id = judged.platform_id and idle.period_start = judged.period_start
    where judged.is_idle
),

{{ claims_of_registrations(dated=true) }},

{{ signals('idle_platform', 'platform', dated_claims=true) }}
