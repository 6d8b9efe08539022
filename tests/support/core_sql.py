"""The core's own SQL, as dbt compiles it, over rows that a test writes: milliseconds instead of a build.

    world = World(compiled, {"concurrent_sessions": {"min_overlap_minutes": 30}})
    world.put("fct_learning_record", {"registration_sk": 1, "kind": "study", ...}, ...)
    world.signals("concurrent_sessions", "subject_id", "first_at")

    outcome(compiled, unit_test, change)    # what a dbt unit test's model answers, its given rows changed or not

The tables that the rules read are empty and typed by their contracts; what a row does not name is null.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import duckdb
import pyarrow as pa
from support.compiled_project import CompiledProject, types_of
from support.literal_rows import Row
from support.unit_tests import UnitTest, give, read_unit_tests

FIRST_DAY = date(2020, 3, 23)
DAYS = tuple(FIRST_DAY + timedelta(days=number) for number in range(6))
CUT_HOURS = 4
# Up to so many, binding them costs less than making a relation of them
_FEW_VALUES = 32
# From the records to what rules on study read, in the order of their making
_STUDY = ("fct_study_interval", "fct_learning_day", "fct_registration_trace")


def period_of(day: date) -> date:
    """Periods of two days."""
    return FIRST_DAY + timedelta(days=(day - FIRST_DAY).days // 2 * 2)


def at(minutes: int) -> datetime:
    """A moment of the small world: so many minutes after its first midnight."""
    return datetime.combine(FIRST_DAY, time()) + timedelta(minutes=minutes)


class Compiled:
    """Model → SQL, a database with the tables that they read, and the unit tests of the models.

    What is put into the tables is never committed: taking it back costs less than emptying them.
    """

    def __init__(
        self, models: Mapping[str, str], connection: duckdb.DuckDBPyConnection, unit_tests: Sequence[UnitTest]
    ) -> None:
        self.models = models
        self.connection = connection
        self.unit_tests = unit_tests
        connection.execute("begin transaction")

    def start_anew(self) -> None:
        """Every table is empty again."""
        self.connection.execute("rollback; begin transaction")


def compiled_rules_of(project: CompiledProject) -> Compiled:
    """The models of `project` over tables of their own."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("attach ':memory:' as warehouse; use warehouse")
    project.empty_relations(connection)
    return Compiled(
        {name: str(node.sql) for name, node in project.models.items()}, connection, read_unit_tests(project)
    )


def outcome(
    compiled: Compiled, test: UnitTest, change: Callable[[str, Row], Row] = lambda _, row: row
) -> list[tuple[Any, ...]]:
    """All that the test's model answers on the rows given, each as `change(table, row)` makes it, in a fixed order."""
    compiled.start_anew()
    give(compiled.connection, test, change)
    return compiled.connection.execute(f"select * from ({compiled.models[test.model]}) order by all").fetchall()


class World:
    """A small calendar and the parameters given; a new world takes the place of the one before."""

    def __init__(self, compiled: Compiled, parameters: Mapping[str, Mapping[str, float]] | None = None) -> None:
        self._compiled = compiled
        self._connection = compiled.connection
        compiled.start_anew()
        clock = datetime.combine(DAYS[-1], time(12))
        self.put(
            "dim_campaign",
            {"first_day": FIRST_DAY, "clock_day": DAYS[-1], "clock": clock, "study_record_cut_hours": CUT_HOURS},
        )
        self.put("dim_day", *({"day": day, "period_start": period_of(day)} for day in DAYS))
        self.put(
            "dim_supervision_rule",
            *(
                {"rule_id": rule, "parameter": name, "value": value}
                for rule, values in (parameters or {}).items()
                for name, value in values.items()
            ),
        )

    def set_clock(self, clock: datetime) -> None:
        """Another clock than noon of the last day."""
        self._connection.execute("update core.dim_campaign set clock = $1, clock_day = cast($1 as date)", [clock])

    def put(self, table: str, *rows: Mapping[str, Any]) -> None:
        """Add rows to a core table; each names the same columns."""
        if rows:
            insert_rows(self._connection, table, rows)

    def replace(self, table: str, *rows: Mapping[str, Any]) -> None:
        """Other rows in the place of those that a core table holds."""
        self._connection.execute(f"delete from core.{table}")
        self.put(table, *rows)

    def signals(self, rule: str, *columns: str) -> list[tuple[Any, ...]]:
        """The rule's signals, these columns, in order."""
        self.derive(*_STUDY)
        return self.rows(f"fct_signal_{rule}", *columns)

    def derive(self, *models: str) -> None:
        """Fill these models' tables, in this order, by their own SQL."""
        for model in models:
            listed = ", ".join(types_of(self._connection, f"core.{model}"))
            self._connection.execute(f"delete from core.{model}")
            self._connection.execute(
                f"insert into core.{model} ({listed}) select {listed} from ({self._compiled.models[model]})"
            )

    def rows(self, model: str, *columns: str) -> list[tuple[Any, ...]]:
        """What the model answers, these columns, in order."""
        sql = self._compiled.models[model]
        return self._connection.execute(f"select {', '.join(columns)} from ({sql}) order by all").fetchall()


def insert_rows(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows to a core table; each names the same columns."""
    names = list(rows[0])
    target = f"core.{table} ({', '.join(names)})"
    if len(rows) * len(names) <= _FEW_VALUES:
        values = ", ".join([f"({', '.join('?' * len(names))})"] * len(rows))
        connection.execute(f"insert into {target} values {values}", [row[name] for row in rows for name in names])
        return
    # As one relation: bound one by one, a thousand rows take a second.
    connection.register("rows_given", pa.table({name: _column([row[name] for row in rows]) for name in names}))
    connection.execute(f"insert into {target} select * from rows_given")
    connection.unregister("rows_given")


def _column(values: Sequence[Any]) -> pa.Array:
    """Values of one kind as such, of several kinds as text, which DuckDB casts to the column's type."""
    try:
        return pa.array(values)
    except pa.ArrowException:
        return pa.array([None if value is None else str(value) for value in values])
