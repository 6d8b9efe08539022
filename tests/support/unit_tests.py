"""dbt's unit tests, as the manifest has them, on the compiled models: a hundredth of what dbt takes for each.

As dbt has it: what a given row does not name is null, rows are compared in any order, and only the columns expected.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
from support.compiled_project import CompiledProject, types_of
from support.literal_rows import Row, in_order, insert


@dataclass(frozen=True)
class UnitTest:
    """`given`: place (schema.table) → rows as the yml has them, or SQL for them."""

    name: str
    model: str
    given: Mapping[str, Sequence[Row] | str]
    expected: Sequence[Row]


def read_unit_tests(project: CompiledProject) -> list[UnitTest]:
    """Every unit test of the project. Fails where one leaves out what its model reads, as dbt does."""
    manifest = project.manifest
    places = {
        unique_id: f"{node['schema']}.{node['name']}"
        for unique_id, node in (manifest["nodes"] | manifest["sources"]).items()
    }
    found = []
    for test in manifest["unit_tests"].values():
        assert not test["overrides"], f"{test['name']}: overrides are dbt's alone"
        given = {_place(each["input"], places): each["rows"] for each in test["given"]}
        (model,) = (unique_id for unique_id in test["depends_on"]["nodes"])
        read = {places[unique_id] for unique_id in manifest["nodes"][model]["depends_on"]["nodes"]}
        assert given.keys() == read, f"{test['name']}: given {sorted(given)}, but {test['model']} reads {sorted(read)}"
        found.append(UnitTest(test["name"], test["model"], given, test["expect"]["rows"]))
    return found


def _place(reference: str, places: Mapping[str, str]) -> str:
    """`ref('x')` or `source('raw', 'x')` as schema.table."""
    *_, name = (part.strip(" '\"") for part in reference.rstrip(")").split("(")[1].split(","))
    schema = "raw" if reference.startswith("source(") else None
    (place,) = {
        place for place in places.values() if place.split(".")[1] == name and schema in (None, place.split(".")[0])
    }
    return place


def give(
    connection: duckdb.DuckDBPyConnection, test: UnitTest, change: Callable[[str, Row], Row] = lambda _, row: row
) -> None:
    """Fill the tables of the test's inputs, each row as `change(table, row)` makes it."""
    for place, rows in test.given.items():
        if isinstance(rows, str):
            connection.execute(f"insert into {place} by name {rows}")
            continue
        insert(connection, place, [change(place.split(".")[1], row) for row in rows], types_of(connection, place))


def expected_rows(connection: duckdb.DuckDBPyConnection, test: UnitTest, place: str) -> list[tuple[Any, ...]]:
    """What is expected, in the types of the model's relation and a fixed order."""
    if not test.expected:
        return []
    names = list(test.expected[0])
    assert all(row.keys() == set(names) for row in test.expected), f"{test.name}: expected rows differ in columns"
    return in_order(connection, test.expected, names, types_of(connection, place))


def found_rows(connection: duckdb.DuckDBPyConnection, test: UnitTest, query: str) -> list[tuple[Any, ...]]:
    """What `query` answers in the columns that are expected, in a fixed order."""
    columns = ", ".join(test.expected[0]) if test.expected else "*"
    return connection.execute(f"select {columns} from ({query}) order by all").fetchall()
