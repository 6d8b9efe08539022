"""The project's way to build a table or view: in place of what stands, which stays whole where the build fails."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest

from orchestration.transforming.parsed import PROJECT_DIR, dbt_command

PROJECT = """
name: tiny
profile: tiny
models: {tiny: {tables: {+materialized: table}, views: {+materialized: view}}}
"""
CONTRACT = """
models:
  - name: table_one
    config: {contract: {enforced: true}}
    columns: [{name: x, data_type: "decimal(18, 2)"}, {name: y, data_type: varchar}]
  - name: table_two
    config: {contract: {enforced: true}}
    columns: [{name: x, data_type: integer}]
"""
MODELS = {
    "tables/models.yml": CONTRACT,
    "tables/table_one.sql": "select 'b' as y, 1.5::decimal(18, 2) as x",
    # Fails while its rows are made, not before
    "tables/table_two.sql": "select cast('no ' || number as integer) as x from range(3) as numbers (number)",
    "views/view_one.sql": "select 'one' as x",
    "views/view_two.sql": "select 22 as x",
    "views/view_three.sql": "select x from nothing_there",
}
STANDING = """
    create view table_one as select 'a view of old' as x;
    create table table_two as select 7 as x;
    create table view_one as select 1 as x;
    create view view_two as select 2 as x;
    create view view_three as select 3 as x;
    create view reader as select x + 10 as y from view_two;
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """STANDING, and then built by dbt with MODELS, of which two fail."""
    folder = tmp_path_factory.mktemp("tiny")
    with duckdb.connect(str(folder / "tiny.duckdb")) as connection:
        connection.execute(STANDING)
    (folder / "macros").mkdir()
    shutil.copy(PROJECT_DIR / "macros" / "materializations.sql", folder / "macros")
    (folder / "dbt_project.yml").write_text(PROJECT, encoding="utf-8")
    (folder / "profiles.yml").write_text(
        f"tiny: {{target: t, outputs: {{t: {{type: duckdb, path: {folder}/tiny.duckdb, schema: main}}}}}}\n",
        encoding="utf-8",
    )
    for name, text in MODELS.items():
        path = folder / "models" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    ended = subprocess.run(
        [dbt_command(), "build", "--project-dir", folder, "--profiles-dir", folder], capture_output=True, text=True
    )
    assert ended.returncode == 1, ended.stdout
    assert "Could not convert string 'no 0'" in ended.stdout
    assert "nothing_there" in ended.stdout
    return folder / "tiny.duckdb"


def test_a_table_is_replaced_whole_or_not_at_all(database: Path) -> None:
    with duckdb.connect(str(database), read_only=True) as connection:
        columns = connection.execute(
            "select column_name, data_type from duckdb_columns() where table_name = 'table_one'"
        )
        assert columns.fetchall() == [("x", "DECIMAL(18,2)"), ("y", "VARCHAR")], "not the contract's"
        assert connection.execute("select count(*) from table_one").fetchall() == [(1,)]
        assert connection.execute("from table_two").fetchall() == [(7,)]


def test_a_view_takes_the_place_of_what_stands_or_leaves_it(database: Path) -> None:
    with duckdb.connect(str(database), read_only=True) as connection:
        query = "select view_one.x, view_two.x, view_three.x, y from view_one, view_two, view_three, reader"
        assert connection.execute(query).fetchall() == [("one", 22, 3, 32)]


def test_nothing_else_is_left(database: Path) -> None:
    with duckdb.connect(str(database), read_only=True) as connection:
        tables = connection.execute("select table_name from duckdb_tables() order by all").fetchall()
        views = connection.execute("select view_name from duckdb_views() where not internal order by all").fetchall()
    assert tables == [("table_one",), ("table_two",)]
    assert views == [("reader",), ("view_one",), ("view_three",), ("view_two",)]
