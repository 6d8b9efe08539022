"""The drawn world as landing would hold it: Parquet batches, a ledger entry each, some refused rows, the configuration.

    landed_<feed> of world.duckdb → landing/<feed>/sender=…/….parquet + landing/_ledger + landing/_quarantine

Files, names and entries are written by landing's own functions.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

import duckdb

from benchmarks.generator.world import KEY, World, begun_periods
from orchestration.calendar import Period
from orchestration.landing.batches import LANDED_FORMAT, batch_id_of, isoformat, landed_file, write_file
from orchestration.landing.columns import EXTRA, PERIOD_START, POSITION, landed_columns
from orchestration.landing.configuration import land_configuration
from orchestration.landing.ledger import LedgerEntry, PeriodRows, read_ledger
from orchestration.landing.quarantine import quarantine_file
from orchestration.settings import Settings
from orchestration.sources.checking import contract_sql as sql
from orchestration.sources.feeds import FEEDS, Feed
from orchestration.sources.persons.pseudonyms import Pseudonymiser
from orchestration.sql_text import quoted

# One row in so many of the registrations is written down as refused, beside those that landed.
ROWS_A_REFUSAL = 1_000


def land(world: World, settings: Settings) -> int:
    """Land every feed by period, so that a load up to a moment holds the periods before it; the batches written."""
    land_configuration(settings, received_at(begun_periods()[0]))
    written = 0
    with world.open() as connection:
        connection.execute("set preserve_insertion_order = true")
        for feed in FEEDS.values():
            _cluster(connection, feed)
        for period in begun_periods():
            for feed in FEEDS.values():
                senders = connection.execute(
                    f"select sender_id, count(*) from clustered_{feed.name} where {PERIOD_START} = ? "
                    "group by all order by all",
                    [period.start],
                ).fetchall()
                for sender_id, rows_count in senders:
                    _write(connection, settings, feed, sender_id, period, rows_count)
                    written += 1
    return written


def received_at(period: Period) -> datetime:
    """When a period's batches came: after it has settled, before the next one's."""
    return period.closes_at + timedelta(days=3, hours=10)


def _cluster(connection: duckdb.DuckDBPyConnection, feed: Feed) -> None:
    starts = [period.start for period in begun_periods()]
    period = sql.period_sql(feed.version_field, starts, starts[-1])
    if feed.name == "dispatch_reports":
        period = "period_start"
    connection.execute(
        f"""
        create table clustered_{feed.name} as
        select *, {period} as {PERIOD_START}, null::varchar as {EXTRA}
        from landed_{feed.name} order by {PERIOD_START}, sender_id;
        drop table landed_{feed.name}
        """
    )


def _write(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    feed: Feed,
    sender_id: str,
    period: Period,
    rows_count: int,
) -> None:
    with read_ledger(settings.landing_dir).appending(sender_id) as appender:
        batch_id = batch_id_of(sender_id, feed.name, appender.next_sequence)
        landed = landed_file(sender_id, feed.name, batch_id)
        columns = ", ".join(f"{quoted(n)}::{t} as {quoted(n)}" for n, t in landed_columns(feed).items())
        rows = f"from clustered_{feed.name} where sender_id = '{sender_id}' and {PERIOD_START} = date '{period.start}'"
        query = f"select {columns} from (select *, row_number() over () as {POSITION} {rows})"
        landed_sha256 = _copy(connection, settings, query, landed)
        payload_sha256 = hashlib.sha256(batch_id.encode()).hexdigest()
        refused_count = rows_count // ROWS_A_REFUSAL if feed.name == "registrations" else 0
        refused = quarantine_file(sender_id, feed.name, batch_id) if refused_count else None
        refused_sha256 = None
        if refused:
            query = f"""
                select '{batch_id}' as batch_id, '{sender_id}' as sender_id, '{feed.name}' as feed,
                    '{payload_sha256}' as payload_sha256, 'v1/{feed.name}' as source_name, {rows_count} + i as position,
                    date '{period.start}' as period_start, 'id_number' as field, 'identity_invalid' as reason,
                    '{{}}' as row_masked
                from range({refused_count}) as refused (i)
            """
            refused_sha256 = _copy(connection, settings, query, refused)
        moment = isoformat(received_at(period))
        appender.append(
            LedgerEntry(
                sequence=appender.next_sequence,
                kind="batch",
                batch_id=batch_id,
                sender_id=sender_id,
                feed=feed.name,
                period_start=period.key,
                periods={period.key: PeriodRows(rows_count, refused_count)},
                payload_sha256=payload_sha256,
                landed_file=landed.as_posix(),
                landed_file_sha256=landed_sha256,
                quarantine_file=refused.as_posix() if refused else None,
                quarantine_file_sha256=refused_sha256,
                rows_count=rows_count,
                quarantined_rows_count=refused_count,
                received_at=moment,
                began_at=moment,
                window_from=isoformat(period.opens_at),
                window_to=isoformat(period.closes_at),
                is_whole=True,
                source_name=f"v1/{feed.name}",
                bytes_count=rows_count * 200,
                key_id=Pseudonymiser.of(KEY).key_id,
            )
        )


def _copy(connection: duckdb.DuckDBPyConnection, settings: Settings, query: str, path) -> str:
    return write_file(
        settings.landing_dir / path,
        lambda part: connection.execute(f"copy ({query}) to '{part}' ({LANDED_FORMAT})") and None,
    )
