"""The rules' own SQL, as dbt compiles it, over learning records that a test writes: milliseconds instead of a build.

    world = World(compiled, {"concurrent_sessions": {"min_overlap_minutes": 30}})
    world.put("fct_learning_record", {"registration_sk": 1, "kind": "study", ...}, ...)
    world.signals("concurrent_sessions", "subject_id", "first_at")

The tables that the rules read are empty and typed by their contracts; what a row does not name is null.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import duckdb

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


class Compiled:
    """Model → SQL, and a database with the tables that they read."""

    def __init__(self, models: Mapping[str, str], connection: duckdb.DuckDBPyConnection) -> None:
        self.models = models
        self.connection = connection


def compile_rules(directory: Path) -> Compiled:
    """Let dbt compile the project once, on an empty database in `directory`."""
    settings = Settings.from_environment({"WAREHOUSE_DIR": str(directory), "WAREHOUSE_THREADS": "2"})
    directory.mkdir(parents=True, exist_ok=True)
    assert run_dbt(settings, ["--quiet", "compile", "--select", "path:models/core"]) == 0
    manifest = json.loads((target_dir(settings) / "manifest.json").read_text(encoding="utf-8"))
    core = [
        node for node in manifest["nodes"].values() if node["resource_type"] == "model" and node["schema"] == "core"
    ]
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("attach ':memory:' as warehouse; use warehouse; create schema core")
    for node in core:
        columns = ", ".join(f'"{column["name"]}" {column["data_type"]}' for column in node["columns"].values())
        connection.execute(f"create table core.{node['name']} ({columns})")
    folder = target_dir(settings) / "compiled"
    return Compiled(
        {
            node["name"]: Path(folder, node["package_name"], node["original_file_path"]).read_text(encoding="utf-8")
            for node in core
        },
        connection,
    )


class World:
    """A small calendar and the parameters given; a new world takes the place of the one before."""

    def __init__(self, compiled: Compiled, parameters: Mapping[str, Mapping[str, float]]) -> None:
        self._compiled = compiled
        self._connection = compiled.connection
        self._empty()
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
                for rule, values in parameters.items()
                for name, value in values.items()
            ),
        )

    def put(self, table: str, *rows: Mapping[str, Any]) -> None:
        """Add rows to a core table; each names the same columns."""
        if rows:
            _insert(self._connection, table, rows)

    def signals(self, rule: str, *columns: str) -> list[tuple[Any, ...]]:
        """The rule's signals, these columns, in order."""
        for model in _STUDY:
            names = [row[0] for row in self._connection.execute(f"describe core.{model}").fetchall()]
            listed = ", ".join(names)
            self._connection.execute(
                f"insert into core.{model} ({listed}) select {listed} from ({self._compiled.models[model]})"
            )
        sql = self._compiled.models[f"fct_signal_{rule}"]
        return self._connection.execute(f"select {', '.join(columns)} from ({sql}) order by all").fetchall()

    def _empty(self) -> None:
        tables = self._connection.execute(
            "select table_name from duckdb_tables() where database_name = 'warehouse' and estimated_size > 0"
        ).fetchall()
        for (table,) in tables:
            self._connection.execute(f"delete from core.{table}")


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    names = list(rows[0])
    holders = ", ".join("(" + ", ".join("?" * len(names)) + ")" for _ in rows)
    connection.execute(
        f"insert into core.{table} ({', '.join(names)}) values {holders}",
        [row[name] for row in rows for name in names],
    )
