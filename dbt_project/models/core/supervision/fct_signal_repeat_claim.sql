with

{{ supervision_parameters('repeat_claim', ['is_enabled']) }},

claimed as (
    select
        *,
        -- An unknown occupation repeats nothing but its own registration; no grade is a grade like another
        coalesce(
            occupation_code || '|' || coalesce(cast(course_grade as varchar), ''),
            'registration ' || cast(registration_sk as varchar)
        ) as trained_in
    from {{ ref('fct_claim') }}
    where scheme = 'training' and registration_sk is not null and person_sk is not null
),

ordered as (
    select
        *,
        row_number() over (partition by person_sk, trained_in order by claimed_on, sender_id, payment_id) as place,
        bool_or(rejected_on is null) over before as has_one_standing_before,
        max(rejected_on) over before as last_rejected_on,
        count(*) filter (where status not in ('rejected', 'recovered')) over (partition by person_sk, trained_in) as left_count
    from claimed
    window before as (
        partition by person_sk, trained_in order by claimed_on, sender_id, payment_id
        rows between unbounded preceding and 1 preceding
    )
),

-- Who claims anew after a refusal repeats nothing: an earlier claim must still have stood on that day
judged as (
    select
        ordered.*,
        coalesce(ordered.has_one_standing_before or ordered.last_rejected_on > ordered.claimed_on, false) as is_repeat
    from ordered
    cross join parameters
    where parameters.is_enabled = 1
),

repeats as (select * from judged where is_repeat),

-- Evidence too is what was repeated, if not itself a repeat: it goes with the first claim that repeats it
first_claims as (
    select
        judged.person_sk,
        judged.trained_in,
        judged.place,
        min(repeats.claimed_on) as repeated_on
    from judged
    inner join repeats
        on judged.person_sk = repeats.person_sk
        and judged.trained_in = repeats.trained_in
        and judged.place < repeats.place
        and (judged.rejected_on is null or judged.rejected_on > repeats.claimed_on)
    where not judged.is_repeat
    group by judged.person_sk, judged.trained_in, judged.place
),

evidence as (
    select
        cast(judged.person_key as varchar) as subject_id,
        cast(judged.claimed_on as timestamp) as first_at,
        cast(coalesce(first_claims.repeated_on, judged.claimed_on) as timestamp) as last_at,
        judged.payment_id as evidence_id,
        judged.sender_id,
        cast(judged.claimed_on as timestamp) as happened_at,
        judged.person_sk,
        cast(null as varchar) as platform_id,
        cast(null as varchar) as institution_uscc,
        judged.left_count < 2 as is_withdrawn
    from judged
    left join first_claims
        on judged.person_sk = first_claims.person_sk
        and judged.trained_in = first_claims.trained_in
        and judged.place = first_claims.place
    where judged.is_repeat or first_claims.repeated_on is not null
),

claims as (
    select
        cast(person_key as varchar) as subject_id,
        cast(claimed_on as timestamp) as last_at,
        sender_id,
        payment_id,
        amount_cny,
        status
    from repeats
),

{{ signals('repeat_claim', 'person', dated_claims=true) }}
