"""Landed files as rows of raw: all new files of a feed in one scan, whatever their number."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.landing.columns import landed_columns
from orchestration.loading.database import LoadingError
from orchestration.loading.entries import BATCHES_TO_READ, CAME_BEFORE
from orchestration.loading.raw_schema import QUARANTINE_COLUMNS
from orchestration.settings import Settings
from orchestration.sources.checking.contract_sql import key_column
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


def keep_arrival(connection: duckdb.DuckDBPyConnection) -> None:
    """Give the rows of BATCHES_TO_READ that had come before (CAME_BEFORE) the entry with which they first came.

    When something was known must not depend on when its payload was read once more. Of a window pulled under another
    key, whose rows may be others by now, those are meant that are there in the same version.
    """
    again = f"from {CAME_BEFORE} where batch_id in (select batch_id from {BATCHES_TO_READ})"
    for name, is_same_payload in connection.execute(f"select distinct feed, is_same_payload {again}").fetchall():
        feed = FEEDS[name]
        same_row = (
            ["_position"] if is_same_payload else [*(key_column(feed, key) for key in feed.key), feed.version_field]
        )
        connection.execute(
            f"""
            update raw.{name} as landed
            set _ledger_sequence = earlier._ledger_sequence, _received_at = earlier._received_at
            from (
                select again.batch_id as _batch_id, {", ".join(same_row)},
                    min(_ledger_sequence) as _ledger_sequence, min(_received_at) as _received_at
                from raw.{name} as landed
                inner join (select * {again} and is_same_payload = $is_same_payload) as again
                    on landed._batch_id = again.earlier_batch_id
                group by all
            ) as earlier
            where {" and ".join(f"landed.{column} = earlier.{column}" for column in ("_batch_id", *same_row))}
            """,
            {"is_same_payload": is_same_payload},
        )


def delete_replaced(connection: duckdb.DuckDBPyConnection) -> None:
    """Take out what came again and stands in its newer batch: of a replay, or under a pseudonym key that has been
    replaced. Both together would count a refused row twice, and everyone under two pseudonyms."""
    replaced = f"select earlier_batch_id from {CAME_BEFORE}"
    for (feed,) in connection.execute(f"select distinct feed from {CAME_BEFORE}").fetchall():
        connection.execute(f"delete from raw.{feed} where _batch_id in ({replaced})")
    connection.execute(f"delete from raw.quarantine where batch_id in ({replaced} where is_same_payload)")


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
