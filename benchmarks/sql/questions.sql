-- Twenty questions that analysts ask of the published file, each run by eight readers at once.
select * from marts.target_progress where province_code = '000000' order by period_start desc limit 3;
select period_start, registrations, learners, cumulative_registrations from marts.registration_progress
where province_code = '000000' and platform_id = '_all' order by period_start;
select province_name_zh, sum(registrations) as registrations from marts.registration_progress
where platform_id = '_all' and province_code <> '000000' group by all order by registrations desc nulls last;
select platform_name_zh, max(cumulative_registrations) as registrations from marts.registration_progress
where province_code = '000000' and platform_id <> '_all' group by all order by 2 desc nulls last limit 10;
select day, registrations, active_learners from marts.registration_daily
where province_code = '000000' and platform_id = '_all' order by day;
select day, sum(registrations) over (order by day) from marts.registration_daily
where province_code = '420000' and platform_id = '_all' order by day;
select platform_id, avg(active_learners) from marts.registration_daily
where province_code = '000000' and platform_id <> '_all' group by all order by 2 desc nulls last;
select date_trunc('week', day), sum(study_hours) from marts.registration_daily
where province_code = '000000' and platform_id = '_all' group by all order by 1;
select * from marts.occupation_coverage order by all limit 100;
select * from marts.occupation_gap order by all limit 100;
select * from marts.key_group_participation where province_code = '000000' order by all;
select * from marts.key_region_support order by all;
select * from marts.course_supply order by all limit 100;
select * from marts.subsidy_progress where province_code = '000000' order by all;
select * from marts.subsidy_entitlement_summary order by all limit 200;
select * from marts.enterprise_training order by all limit 50;
select * from marts.reporting_timeliness where period_start = (select max(period_start) from marts.reporting_timeliness);
select * from marts.data_quality order by all;
select * from marts.supervision_signal_summary order by all;
select * from marts.platform_supervision order by all limit 60;
