-- One period of two feeds as platforms send it: text as a sender writes it, times with their offset.

create or replace macro sent_time(moment) as strftime(moment, '%Y-%m-%dT%H:%M:%S+08:00');

create table sent_registrations as
select
    platform_id, registration_id, course_id, learner_name, id_type, id_number, phone, region_code, employer_uscc,
    array_to_string(declared_groups, ';') as declared_groups, project_id, real_name_status,
    sent_time(registered_at) as registered_at, 'active' as status, sent_time(registered_at + to_seconds(5 + r % 300)) as updated_at
from registration
where registered_at >= getvariable('sent_from') and registered_at < getvariable('sent_to') - interval 10 minutes
order by platform_id;

create table sent_learning_records as
select
    platform_id, 'L' || l as record_id, registration_id, kind, sent_time(started_at) as started_at,
    sent_time(ended_at) as ended_at, score::varchar as score, client_ip, device_id, face_check, status,
    sent_time(updated_at) as updated_at
from learning
where updated_at >= getvariable('sent_from') and updated_at < getvariable('sent_to')
order by platform_id;
