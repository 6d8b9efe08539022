"""The core's own SQL, as dbt compiles it, over rows that a test writes: milliseconds instead of a build.

    world = World(compiled, {"concurrent_sessions": {"min_overlap_minutes": 30}})
    world.put("fct_learning_record", {"registration_sk": 1, "kind": "study", ...}, ...)
    world.signals("concurrent_sessions", "subject_id", "first_at")

    outcome(compiled, unit_test, change)    # what a dbt unit test's model answers, its given rows changed or not

The tables that the rules read are empty and typed by their contracts; what a row does not name is null.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.settings import Settings
from orchestration.transforming.dbt import run_dbt, target_dir

FIRST_DAY = date(2020, 3, 23)
DAYS = tuple(FIRST_DAY + timedelta(days=number) for number in range(6))
CUT_HOURS = 4
# From the records to what rules on study read, in the order of their making
_STUDY = ("fct_study_interval", "fct_learning_day", "fct_registration_trace")


def period_of(day: date) -> date:
    """Periods of two days."""
    return FIRST_DAY + timedelta(days=(day - FIRST_DAY).days // 2 * 2)


def at(minutes: int) -> datetime:
    """A moment of the small world: so many minutes after its first midnight."""
    return datetime.combine(FIRST_DAY, time()) + timedelta(minutes=minutes)


class UnitTest:
    """A dbt unit test of a core model; `given`: table → rows as the yml has them, or SQL for them."""

    def __init__(self, name: str, model: str, given: Mapping[str, list[dict[str, Any]] | str]) -> None:
        self.name = name
        self.model = model
        self.given = given


class Compiled:
    """Model → SQL, a database with the tables that they read, and the unit tests of the models."""

    def __init__(
        self, models: Mapping[str, str], connection: duckdb.DuckDBPyConnection, unit_tests: Sequence[UnitTest]
    ) -> None:
        self.models = models
        self.connection = connection
        self.unit_tests = unit_tests


def compile_rules(directory: Path) -> Compiled:
    """Let dbt compile core and the marts of the subsidies once, on an empty database in `directory`."""
    settings = Settings.from_environment({"WAREHOUSE_DIR": str(directory), "WAREHOUSE_THREADS": "2"})
    directory.mkdir(parents=True, exist_ok=True)
    assert run_dbt(settings, ["--quiet", "compile", "--select", "path:models/core", "path:models/marts/subsidies"]) == 0
    manifest = json.loads((target_dir(settings) / "manifest.json").read_text(encoding="utf-8"))
    nodes = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] in ("core", "staging")
    ]
    core = [node for node in nodes if node["schema"] == "core"]
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("attach ':memory:' as warehouse; use warehouse; create schema core; create schema staging")
    # Staging has no contract: a column there has the type that core gives the same name.
    typed = {name: column["data_type"] for node in core for name, column in node["columns"].items()}
    for node in nodes:
        columns = ", ".join(
            f'"{name}" {column["data_type"] or typed.get(name, "varchar")}' for name, column in node["columns"].items()
        )
        connection.execute(f"create table {node['schema']}.{node['name']} ({columns})")
    folder = target_dir(settings) / "compiled"
    compiled = [*core, *(node for node in manifest["nodes"].values() if node["fqn"][1:3] == ["marts", "subsidies"])]
    return Compiled(
        {
            node["name"]: Path(folder, node["package_name"], node["original_file_path"]).read_text(encoding="utf-8")
            for node in compiled
            if node["resource_type"] == "model"
        },
        connection,
        [
            UnitTest(test["name"], test["model"], {_table(each["input"]): each["rows"] for each in test["given"]})
            for test in manifest["unit_tests"].values()
            if test["model"] in {node["name"] for node in core}
            and all(each["input"].startswith("ref(") for each in test["given"])
        ],
    )


def outcome(
    compiled: Compiled, test: UnitTest, change: Callable[[str, dict[str, Any]], dict[str, Any]] = lambda _, row: row
) -> list[tuple[Any, ...]]:
    """All that the test's model answers on the rows given, each as `change(table, row)` makes it, in a fixed order."""
    _empty(compiled.connection)
    for table, rows in test.given.items():
        place = f"{'staging' if table.startswith('stg_') else 'core'}.{table}"
        types = _types(compiled.connection, place)
        if isinstance(rows, str):  # given as SQL, which is taken as it is
            compiled.connection.execute(f"insert into {place} by name {rows}")
            continue
        for row in rows:
            changed = change(table, row)
            holders = ", ".join(f"cast(? as {types[name]})" for name in changed)
            compiled.connection.execute(
                f"insert into {place} ({', '.join(changed)}) values ({holders})", list(changed.values())
            )
    return compiled.connection.execute(f"select * from ({compiled.models[test.model]}) order by all").fetchall()


def _table(reference: str) -> str:
    return reference.removeprefix("ref(").strip("')\"")


def _types(connection: duckdb.DuckDBPyConnection, place: str) -> dict[str, str]:
    return {row[0]: row[1] for row in connection.execute(f"describe {place}").fetchall()}


def _empty(connection: duckdb.DuckDBPyConnection) -> None:
    tables = connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'warehouse' and estimated_size > 0"
    ).fetchall()
    for schema, table in tables:
        connection.execute(f"delete from {schema}.{table}")


class World:
    """A small calendar and the parameters given; a new world takes the place of the one before."""

    def __init__(self, compiled: Compiled, parameters: Mapping[str, Mapping[str, float]] | None = None) -> None:
        self._compiled = compiled
        self._connection = compiled.connection
        _empty(self._connection)
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

    def signals(self, rule: str, *columns: str) -> list[tuple[Any, ...]]:
        """The rule's signals, these columns, in order."""
        self.derive(*_STUDY)
        return self.rows(f"fct_signal_{rule}", *columns)

    def derive(self, *models: str) -> None:
        """Fill these models' tables, in this order, by their own SQL."""
        for model in models:
            listed = ", ".join(_types(self._connection, f"core.{model}"))
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
    # As one relation: bound one by one, a thousand rows take a second.
    connection.register("rows_given", pa.table({name: _column([row[name] for row in rows]) for name in names}))
    connection.execute(f"insert into core.{table} ({', '.join(names)}) select * from rows_given")
    connection.unregister("rows_given")


def _column(values: Sequence[Any]) -> pa.Array:
    """Values of one kind as such, of several kinds as text, which DuckDB casts to the column's type."""
    try:
        return pa.array(values)
    except pa.ArrowException:
        return pa.array([None if value is None else str(value) for value in values])
