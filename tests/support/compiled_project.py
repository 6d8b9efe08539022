"""The project's own SQL, compiled by dbt once a test run, with the relations that it reads: empty, or run on raw rows.

    project.models["fct_registration"].sql      # the query
    project.empty_relations(connection)         # every relation, empty, of the types that a build gives it
    project.run(settings, ["restatement"])      # seeds and models up to it, from the raw rows that are there

A build by dbt takes ten times as long as its statements; test_core sees that they end alike.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb

from orchestration.loading.database import open_for_writing, set_clock, writer_lock
from orchestration.loading.raw_schema import raw_tables
from orchestration.settings import Settings
from orchestration.transforming.dbt import WITHOUT_TESTS, run_dbt, target_dir


@dataclass(frozen=True)
class Node:
    """A seed or model. `columns`: name → type, the type None where no contract says it; `sql`: None of a seed."""

    name: str
    schema: str
    kind: str
    columns: Mapping[str, str | None]
    parents: tuple[str, ...]
    sql: str | None = None

    @property
    def place(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def has_types(self) -> bool:
        return None not in self.columns.values()

    @property
    def statement(self) -> str:
        """Makes it as dbt does: the columns of a contract in its order."""
        if self.kind == "view":
            return f"create or replace view {self.place} as {self.sql}"
        return f"create or replace table {self.place} as select {', '.join(self.columns)} from ({self.sql})"


class CompiledProject:
    """What dbt left in its target folder. No dataclass, whose failing example would print it."""

    def __init__(self, target: Path) -> None:
        self._target = target

    @cached_property
    def manifest(self) -> dict[str, Any]:
        return json.loads((self._target / "manifest.json").read_text(encoding="utf-8"))

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """dbt's unique id → seed or model."""
        return {
            unique_id: self._node(node)
            for unique_id, node in self.manifest["nodes"].items()
            if node["resource_type"] in ("seed", "model")
        }

    @cached_property
    def models(self) -> dict[str, Node]:
        """By name."""
        return {node.name: node for node in self.nodes.values() if node.sql is not None}

    def empty_relations(self, connection: duckdb.DuckDBPyConnection) -> None:
        """A table without a row for every seed, model and source, of the types that a build gives it."""
        self._make_schemas(connection)
        connection.execute("create schema if not exists raw")
        for name, columns in raw_tables().items():
            _create_table(connection, f"raw.{name}", columns)
        for node in self._up_to(self.models):
            columns = node.columns
            if not node.has_types:
                connection.execute(node.statement)
                columns = types_of(connection, node.place)
                connection.execute(f"drop {node.kind} {node.place}")
            _create_table(connection, node.place, columns)

    def run(self, settings: Settings, models: Iterable[str]) -> None:
        """Make `models` and all that they stand on in this warehouse, of its schema `raw`, its seeds and its clock."""
        set_clock(settings)
        with writer_lock(settings), closing(open_for_writing(settings)) as connection:
            self._run(connection, models, settings.seeds_dir)

    def _run(self, connection: duckdb.DuckDBPyConnection, models: Iterable[str], seeds: Path) -> None:
        self._make_schemas(connection)
        for node in self._up_to(models):
            if node.sql is None:
                typed = ", ".join(f"'{name}': '{kind}'" for name, kind in node.columns.items())
                connection.execute(
                    f"create or replace table {node.place} as "
                    f"from read_csv('{seeds / node.name}.csv', header = true, delim = ',', columns = {{{typed}}})"
                )
            else:
                connection.execute(node.statement)

    def _make_schemas(self, connection: duckdb.DuckDBPyConnection) -> None:
        for schema in {node.schema for node in self.nodes.values()}:
            connection.execute(f"create schema if not exists {schema}")

    def _up_to(self, models: Iterable[str]) -> list[Node]:
        """These models and what they stand on, each after what it reads."""
        ids = {node.name: unique_id for unique_id, node in self.nodes.items()}
        wanted, left = set(), [ids[name] for name in models]
        while left:
            unique_id = left.pop()
            if unique_id in self.nodes and unique_id not in wanted:
                wanted.add(unique_id)
                left += self.nodes[unique_id].parents
        order = TopologicalSorter({each: wanted.intersection(self.nodes[each].parents) for each in sorted(wanted)})
        return [self.nodes[unique_id] for unique_id in order.static_order()]

    def _node(self, node: Mapping[str, Any]) -> Node:
        if node["resource_type"] == "seed":
            return Node(node["name"], node["schema"], "seed", node["config"]["column_types"], ())
        path = self._target / "compiled" / node["package_name"] / node["original_file_path"]
        return Node(
            node["name"],
            node["schema"],
            node["config"]["materialized"],
            {name: column["data_type"] for name, column in node["columns"].items()},
            tuple(node["depends_on"]["nodes"]),
            path.read_text(encoding="utf-8"),
        )


def types_of(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Column → type, of a table, of a view or of a query in brackets."""
    return {row[0]: row[1] for row in connection.execute(f"describe from {relation}").fetchall()}


def _create_table(connection: duckdb.DuckDBPyConnection, place: str, columns: Mapping[str, str | None]) -> None:
    listed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    connection.execute(f"create table {place} ({listed})")


def compile_project(directory: Path) -> None:
    """Let dbt compile every model, on an empty database in `directory`."""
    settings = _settings(directory)
    assert run_dbt(settings, ["--quiet", "compile"]) == 0


def compiled_in(directory: Path) -> CompiledProject:
    return CompiledProject(target_dir(_settings(directory)))


def _settings(directory: Path) -> Settings:
    return Settings.from_environment({"WAREHOUSE_DIR": str(directory), "WAREHOUSE_THREADS": "2", **WITHOUT_TESTS})
