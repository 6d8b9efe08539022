-- As land_learning_records.sql. Names, numbers and phones are left out here, not replaced: no pseudonym is made.
copy (
    select
        split_part(parse_path(filename)[-3], '.', 1) as sender_id,
        registration_id, course_id, id_type, region_code, employer_uscc,
        string_split(nullif(declared_groups, ''), ';') as declared_groups,
        project_id, real_name_status,
        substr(registered_at, 1, 19)::timestamp as registered_at,
        status,
        substr(updated_at, 1, 19)::timestamp as updated_at
    from {source}
) to '{target}' (format parquet, compression zstd, partition_by (sender_id), overwrite_or_ignore);
