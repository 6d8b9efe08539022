"""What the biweekly table of a period says, read from the warehouse.

    marts.dispatch_table, core.dim_period → DispatchTable (one province, or the nation and every province)

Reads warehouse.duckdb and not the published copy: a bureau's table shows its small counts too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import duckdb

from orchestration.loading.database import open_for_reading
from orchestration.pipeline import UsageError
from orchestration.reporting.status import NothingPublishedError
from orchestration.settings import SHANGHAI, Settings

NATION = "000000"


@dataclass(frozen=True)
class DispatchRow:
    """One indicator. Money in CNY to the fen, everything else whole."""

    indicator_code: str
    name_zh: str
    unit: str
    this_period: Decimal
    cumulative: Decimal


@dataclass(frozen=True)
class DispatchTable:
    """One province's table (or the nation's, `000000`).

    `as_at`: the day up to which registrations and stocks go, the action's last at most; `known_to`: the same of all
    else, the period's last at most. `known_at`: the warehouse's clock. `version`: one above the highest that the bureau
    has filed for the period, so that the workbook could be filed as it is.
    """

    province_code: str
    province_name_zh: str
    period_start: date
    period_end: date
    as_at: date
    known_to: date
    is_complete: bool
    known_at: datetime
    version: int
    rows: tuple[DispatchRow, ...]


def read_dispatch_tables(settings: Settings, period: str, province: str | None = None) -> tuple[DispatchTable, ...]:
    """The table of `province`, or of the nation and then every province in the order of their codes' list.

    Raises UsageError for a period that has not begun or a province that has no table, NothingPublishedError where no
    marts have been built.
    """
    if not settings.database_path.is_file():
        raise NothingPublishedError(f"{settings.database_path}: no warehouse is there yet; run `warehouse build`")
    with open_for_reading(settings) as connection:
        try:
            start = _period(connection, period)
            return tuple(_table(connection, start, code) for code in _provinces(connection, start, province))
        except duckdb.CatalogException:
            raise NothingPublishedError("marts.dispatch_table has not been built; run `warehouse transform`") from None


def _period(connection: duckdb.DuckDBPyConnection, text: str) -> date:
    starts = [
        start
        for (start,) in connection.execute(
            "select distinct period_start from marts.dispatch_table order by 1"
        ).fetchall()
    ]
    found = [start for start in starts if start.isoformat() == text]
    if not found:
        raise UsageError(
            f"--period {text}: no period begun by the warehouse's clock has that first day; "
            f"there are {', '.join(map(str, starts)) or 'none'}"
        )
    return found[0]


def _provinces(connection: duckdb.DuckDBPyConnection, start: date, wanted: str | None) -> list[str]:
    codes = [
        code
        for (code,) in connection.execute(
            """
            select province_code
            from core.dim_province
            where province_code in (select province_code from marts.dispatch_table where period_start = ?)
            order by province_code <> ?, sort_order, province_code
            """,
            [start, NATION],
        ).fetchall()
    ]
    if wanted is None:
        return codes
    if wanted not in codes:
        raise UsageError(f"--province {wanted}: it has no dispatch table; there are {', '.join(codes)}")
    return [wanted]


def _table(connection: duckdb.DuckDBPyConnection, start: date, province: str) -> DispatchTable:
    rows = connection.execute(
        """
        select indicator_code, indicator_name_zh, unit, this_period, cumulative
        from marts.dispatch_table
        where period_start = ? and province_code = ?
        order by sort_order
        """,
        [start, province],
    ).fetchall()
    head = connection.execute(
        """
        select any_value(province_name_zh), any_value(dim_period.period_end), any_value(dispatch_table.as_at),
            any_value(dispatch_table.is_complete), any_value(dim_campaign.clock),
            1 + coalesce((
                select max(version) from core.fct_dispatch_report
                where province_code = $province and period_start = $start
            ), 0)
        from marts.dispatch_table
        inner join core.dim_period using (period_start)
        cross join core.dim_campaign
        where period_start = $start and province_code = $province
        """,
        {"start": start, "province": province},
    ).fetchall()[0]
    name, end, as_at, is_complete, clock, version = head
    return DispatchTable(
        province, name, start, end, as_at, min(end, clock.date()), is_complete,
        clock.replace(tzinfo=SHANGHAI), int(version),
        tuple(DispatchRow(*row) for row in rows),
    )  # fmt: skip
