"""Where the action stands, read from the marts: targets, who is late, what is refused.

    marts.target_progress, reporting_timeliness, data_quality → Standing

Works on the warehouse and on the published copy alike, since both hold the same marts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb

NATION = "000000"
# The one reason in data_quality that is no refusal: the row was taken, its other side is missing.
ORPHANED = "orphaned"


@dataclass(frozen=True)
class TargetStanding:
    """One target as at `as_at`. `achieved_share` may pass 1; `expected_share` is the part of the action gone by."""

    target_code: str
    province_code: str
    unit: str
    actual_value: int
    target_value: int
    achieved_share: float | None
    expected_share: float
    is_achieved: bool
    reached_on: date | None
    as_at: date


@dataclass(frozen=True)
class SenderTimeliness:
    """What one sender has missed or sent late, over all its feeds and the periods that are due."""

    sender_id: str
    missing_count: int
    late_count: int
    worst_days_late: int
    missing: tuple[str, ...]  # "feed period_start", oldest first


@dataclass(frozen=True)
class RefusedRows:
    """Rows held in quarantine for one reason, by sender and feed."""

    reason: str
    sender_id: str
    feed: str
    rows_count: int


@dataclass(frozen=True)
class Standing:
    targets: tuple[TargetStanding, ...]
    late: tuple[SenderTimeliness, ...]
    refused: tuple[RefusedRows, ...]
    orphaned_rows_by_feed: dict[str, int]  # most first


def read_standing(connection: duckdb.DuckDBPyConnection) -> Standing:
    """Read the standing. Raises duckdb.CatalogException where the marts have not been built."""
    refused = tuple(
        RefusedRows(*row)
        for row in connection.execute(
            """
            select reason, sender_id, feed, sum(rows_count)::bigint as rows_count
            from marts.data_quality where reason <> ? and rows_count > 0
            group by all order by reason, rows_count desc, sender_id, feed
            """,
            [ORPHANED],
        ).fetchall()
    )
    orphaned = dict(
        connection.execute(
            """
            select feed, sum(rows_count)::bigint as rows_count
            from marts.data_quality where reason = ? and rows_count > 0
            group by all order by rows_count desc, feed
            """,
            [ORPHANED],
        ).fetchall()
    )
    return Standing(_targets(connection), _late(connection), refused, orphaned)


def _targets(connection: duckdb.DuckDBPyConnection) -> tuple[TargetStanding, ...]:
    rows = connection.execute(
        """
        select target_code, province_code, unit, actual_value::bigint, target_value::bigint, achieved_share,
            expected_share, is_achieved, reached_on, as_at
        from marts.target_progress
        qualify period_start = max(period_start) over ()
        order by province_code, case target_code when 'platforms' then 1 when 'occupations' then 2 else 3 end
        """
    ).fetchall()
    return tuple(TargetStanding(*row) for row in rows)


def _late(connection: duckdb.DuckDBPyConnection) -> tuple[SenderTimeliness, ...]:
    rows = connection.execute(
        """
        select sender_id,
            count(*) filter (status = 'missing') as missing_count,
            count(*) filter (status = 'late') as late_count,
            max(days_late)::bigint as worst_days_late,
            coalesce(
                list(feed || ' ' || period_start order by period_start, feed) filter (status = 'missing'), []
            ) as missing
        from marts.reporting_timeliness where status in ('late', 'missing')
        group by sender_id order by missing_count desc, worst_days_late desc, sender_id
        """
    ).fetchall()
    return tuple(SenderTimeliness(row[0], row[1], row[2], row[3], tuple(row[4])) for row in rows)


def read_publication(connection: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """What `marts.publication` says of the published version that `connection` reads, column by column."""
    cursor = connection.execute("select * from marts.publication limit 1")
    names = [column[0] for column in cursor.description or []]
    row = cursor.fetchall()[0]
    return dict(zip(names, row, strict=True))
