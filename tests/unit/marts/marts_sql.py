"""The marts' own SQL, as dbt compiles it, over core tables whose rows a test writes: milliseconds instead of a build.

    world = World(compiled)
    world.put("fct_registration", {"registration_sk": 1, "is_counted": True, ...}, ...)
    world.rows("registration_progress", "period_start", "learners")

Core's tables (and marts that a mart reads) are empty and typed by their contracts; what a row does not name is null.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import duckdb
import pyarrow as pa
from support.compiled_project import CompiledProject
from support.core_sql import insert_rows

# A short action of three periods in a calendar of four; the clock stands in the third, before the action's last day.
CADENCE = 4
FIRST_DAY = date(2020, 3, 23)
LAST_DAY = FIRST_DAY + timedelta(days=11)
CLOCK = datetime.combine(FIRST_DAY + timedelta(days=10), time(12))
PERIODS = tuple(FIRST_DAY + timedelta(days=CADENCE * number) for number in range(4))
BEGUN = tuple(start for start in PERIODS if start <= CLOCK.date())
DAYS = tuple(FIRST_DAY + timedelta(days=number) for number in range((CLOCK.date() - FIRST_DAY).days + 1))
PROVINCES = ("110000", "420000", "990000")
PLATFORMS = ("P1", "P2")


def period_of(day: date) -> date | None:
    """The period's first day; None outside the calendar."""
    number = (day - FIRST_DAY).days // CADENCE
    return PERIODS[number] if 0 <= number < len(PERIODS) else None


class Compiled:
    """Mart → SQL, and a database with the tables that it reads; no dataclass, whose failing example would print it."""

    def __init__(self, marts: Mapping[str, str], connection: duckdb.DuckDBPyConnection) -> None:
        self.marts = marts
        self.connection = connection


def compiled_marts_of(project: CompiledProject) -> Compiled:
    """The marts of `project` over tables of their own."""
    marts = {name: str(node.sql) for name, node in project.models.items() if node.schema == "marts"}
    return Compiled(marts, _shared_rows(project))


class World:
    """Core tables in memory, with the calendar, provinces and platforms above already there.

    A new world takes the place of the one before: making the tables costs more than a test.
    """

    def __init__(self, compiled: Compiled) -> None:
        self._compiled = compiled
        self._connection = compiled.connection
        self._connection.execute("rollback; begin transaction")

    def put(self, table: str, *rows: Mapping[str, Any]) -> None:
        """Add rows to a core table; each names the same columns."""
        if rows:
            insert_rows(self._connection, table, rows)

    def empty(self, *tables: str) -> None:
        """Take away what these tables hold, the shared rows too: for a world with a calendar of its own."""
        for table in tables:
            self._connection.execute(f"delete from core.{table}")

    def fill(self, table: str, given: pa.Table, query: str) -> None:
        """Add to a core table what `query`, which names its columns, makes of `given`: more rows than a test writes."""
        self._connection.register("given", given)
        self._connection.execute(f"insert into core.{table} by name {query}")
        self._connection.unregister("given")

    def derive(self, mart: str) -> None:
        """Fill a mart's table by its own SQL, for the marts that read it."""
        self._connection.execute(f"insert into marts.{mart} by name {self._compiled.marts[mart]}")

    def rows(self, mart: str, *columns: str) -> list[tuple[Any, ...]]:
        """The mart's rows, these columns, in order."""
        listed = ", ".join(columns)
        return self._connection.execute(f"select {listed} from ({self._compiled.marts[mart]}) order by all").fetchall()


def _shared_rows(project: CompiledProject) -> duckdb.DuckDBPyConnection:
    """Every table, empty but for what all worlds share, with a transaction open for the first of them."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("attach ':memory:' as warehouse; use warehouse")
    project.empty_relations(connection)
    days = [{"day": day, "period_start": period_of(day), "is_in_action": day <= LAST_DAY} for day in DAYS]
    provinces = [{"province_code": code, "province_name_zh": code} for code in ("000000", *PROVINCES)]
    platforms = [{"platform_id": id_, "name_zh": id_, "selected_from": FIRST_DAY} for id_ in PLATFORMS]
    insert_rows(connection, "dim_campaign", [_campaign()])
    insert_rows(connection, "dim_period", [_period(start) for start in PERIODS])
    insert_rows(connection, "dim_day", days)
    insert_rows(connection, "dim_province", provinces)
    insert_rows(connection, "dim_platform", platforms)
    connection.execute("begin transaction")
    return connection


def _campaign() -> dict[str, Any]:
    return {"first_day": FIRST_DAY, "last_day": LAST_DAY, "clock": CLOCK, "clock_day": CLOCK.date()}


def _period(start: date) -> dict[str, Any]:
    end = start + timedelta(days=CADENCE - 1)
    return {
        "period_start": start,
        "period_end": end,
        "as_at": min(end, LAST_DAY, CLOCK.date()),
        "is_begun": start <= CLOCK.date(),
        "is_complete": end < CLOCK.date(),
        "is_in_action": start <= LAST_DAY,
    }
