"""Landed files as rows of raw: all new files of a feed in one scan, whatever their number."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.landing.columns import landed_columns
from orchestration.loading.database import LoadingError
from orchestration.loading.entries import BATCHES_TO_READ
from orchestration.loading.raw_schema import QUARANTINE_COLUMNS
from orchestration.settings import Settings
from orchestration.sources.feeds import FEEDS, Feed
from orchestration.sql_text import literal


def insert_landed(settings: Settings, connection: duckdb.DuckDBPyConnection, feed: Feed) -> int:
    """Read the feed's files of BATCHES_TO_READ into raw.<feed>; the rows inserted. Raises LoadingError."""
    paths = _paths(settings, connection, "landed_file", feed.name)
    if not paths:
        return 0
    # A file landed before the contract gained a field lacks that column: it stays null. Which files do is not asked
    # first: that would open all of them a second time.
    known = ", ".join(map(literal, landed_columns(feed)))
    return _insert(
        connection,
        f"""
        insert into raw.{feed.name} by name
        select batches.sender_id, batches.batch_id as _batch_id, batches.sequence as _ledger_sequence,
            batches.received_at as _received_at, landed.* exclude (filename)
        from (
            select filename, columns(lambda name: name in ({known}))
            from read_parquet($paths, union_by_name = true, filename = true, hive_partitioning = false)
        ) as landed
        inner join {BATCHES_TO_READ} as batches on landed.filename = $root || batches.landed_file
        """,
        {"paths": paths, "root": _root(settings)},
    )


def insert_quarantined(settings: Settings, connection: duckdb.DuckDBPyConnection) -> int:
    """Read the quarantine files of BATCHES_TO_READ into raw.quarantine, without the masked rows; the refused rows
    inserted (one that broke two rules counts twice). Raises LoadingError."""
    paths = _paths(settings, connection, "quarantine_file")
    if not paths:
        return 0
    # A file written before refused rows kept their key lacks that column: it stays null.
    known = ", ".join(map(literal, QUARANTINE_COLUMNS))
    return _insert(
        connection,
        f"""
        insert into raw.quarantine by name
        select columns(lambda name: name in ({known}))
        from read_parquet($paths, union_by_name = true, hive_partitioning = false)
        """,
        {"paths": paths},
    )


def delete_rewritten(connection: duckdb.DuckDBPyConnection) -> None:
    """Take out of raw what it holds of batches whose files an erasure has rewritten; they are read again."""
    for feed in FEEDS:
        connection.execute(
            f"delete from raw.{feed} where _batch_id in (select batch_id from {BATCHES_TO_READ} where is_rewritten)"
        )
    connection.execute(
        f"delete from raw.quarantine where batch_id in (select batch_id from {BATCHES_TO_READ} where is_rewritten)"
    )


def delete_replayed(connection: duckdb.DuckDBPyConnection) -> None:
    """Take out batches whose payload a replay has landed anew, refusals included: the newer stands for both."""
    connection.execute(
        """
        create or replace temporary table replayed as
        select batch_id, feed from raw.ledger where kind = 'batch'
        qualify sequence < max(sequence) over (partition by sender_id, feed, period_start, payload_sha256, key_id)
        """
    )
    for (feed,) in connection.execute("select distinct feed from replayed").fetchall():
        connection.execute(f"delete from raw.{feed} where _batch_id in (select batch_id from replayed)")
    connection.execute("delete from raw.quarantine where batch_id in (select batch_id from replayed)")


def delete_older_keys(connection: duckdb.DuckDBPyConnection) -> None:
    """Take out persons under a pseudonym key that has been replaced, where the same data came again under the new one.

    Both together would count everyone twice: a person has one pseudonym a key. The same data is the same payload, or by
    rest and xapi another pull of the same window.
    """
    for feed in FEEDS.values():
        if "person_key" not in landed_columns(feed):
            continue
        connection.execute(
            f"""
            delete from raw.{feed.name}
            where _batch_id in (
                select older.batch_id
                from raw.ledger as older
                inner join raw.ledger as newer
                    on newer.kind = 'batch' and newer.feed = older.feed and newer.sender_id = older.sender_id
                    and newer.sequence > older.sequence and newer.key_id <> older.key_id
                    and (
                        newer.payload_sha256 = older.payload_sha256
                        or (newer.window_to is not null and newer.period_start = older.period_start)
                    )
                where older.kind = 'batch' and older.feed = $feed
            )
            """,
            {"feed": feed.name},
        )


def _paths(
    settings: Settings, connection: duckdb.DuckDBPyConnection, column: str, feed: str | None = None
) -> list[str]:
    """The files to read, each of which must be there."""
    found = connection.execute(
        f"""
        select batch_id, {column} from {BATCHES_TO_READ}
        where {column} is not null and ($feed is null or feed = $feed)
        order by batch_id
        """,
        {"feed": feed},
    ).fetchall()
    root = _root(settings)
    if missing := [f"{batch_id} ({name})" for batch_id, name in found if not Path(root + name).is_file()]:
        raise LoadingError(
            f"{len(missing)} landed files are not there: {', '.join(missing[:5])}; restore landing from a copy "
            "(`warehouse verify` lists what is missing)"
        )
    return [root + name for _, name in found]


def _root(settings: Settings) -> str:
    return f"{settings.landing_dir}/"


def _insert(connection: duckdb.DuckDBPyConnection, statement: str, parameters: dict[str, object]) -> int:
    (inserted,) = _execute(connection, statement, parameters).fetchone() or (0,)
    return int(inserted)


def _execute(
    connection: duckdb.DuckDBPyConnection, statement: str, parameters: dict[str, object]
) -> duckdb.DuckDBPyConnection:
    try:
        return connection.execute(statement, parameters)
    except (duckdb.IOException, duckdb.InvalidInputException, duckdb.ConversionException) as error:
        # DuckDB names the file. Its message is cut at the line feed: what follows may quote what was read.
        raise LoadingError(f"a landed file can't be read: {str(error).splitlines()[0]}") from None
