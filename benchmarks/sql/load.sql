-- The landed Parquet as tables, nothing else: no ledger, no check of what was loaded before, one statement a feed.
-- {feed}: the feed's name. {landing}: the landing folder. The batch's number is read off its file's name.
create or replace table raw.{feed} as
select
    split_part(parse_filename(filename, true), '-', 1) as sender_id,
    parse_filename(filename, true) as _batch_id,
    right(parse_filename(filename, true), 6)::bigint as _ledger_sequence,
    * exclude (filename)
from read_parquet('{landing}/{feed}/*/*.parquet', filename = true, hive_partitioning = false);
