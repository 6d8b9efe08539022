-- {source}: read_json, read_csv or read_parquet of the senders' files with every column declared as text.
-- Typed and written as one Parquet file a platform; no contract, no quarantine, no ledger.
copy (
    select
        split_part(parse_path(filename)[-3], '.', 1) as sender_id,
        record_id, registration_id, kind,
        substr(started_at, 1, 19)::timestamp as started_at,
        substr(ended_at, 1, 19)::timestamp as ended_at,
        score::decimal(18, 4) as score,
        device_id, face_check, status,
        substr(updated_at, 1, 19)::timestamp as updated_at
    from {source}
) to '{target}' (format parquet, compression zstd, partition_by (sender_id), overwrite_or_ignore);
