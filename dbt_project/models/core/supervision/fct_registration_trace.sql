select
    registration_sk,
    min(started_at) as first_record_at,
    count(*) filter (where kind = 'sign_in') as sign_in_count,
    count(*) filter (where kind = 'study') as study_count,
    count(*) filter (where kind = 'question') as question_count,
    count(*) filter (where kind = 'test') as test_count,
    count(*) filter (where face_check = 'passed') as face_passed_count,
    count(*) filter (where face_check = 'failed') as face_failed_count
from {{ ref('fct_learning_record') }}
where is_active_record
group by registration_sk
