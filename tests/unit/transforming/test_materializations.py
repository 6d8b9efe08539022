"""The project's way to build a table or view: in place of what stands, which stays whole where the build fails."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import duckdb

from orchestration.transforming.parsed import PROJECT_DIR, dbt_command

CONTRACT = """
models:
  - name: one
    config: {contract: {enforced: true}}
    columns: [{name: x, data_type: "decimal(18, 2)"}, {name: y, data_type: varchar}]
  - name: two
    config: {contract: {enforced: true}}
    columns: [{name: x, data_type: integer}]
"""


def _build(folder: Path, materialized: str, models: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Build `tiny.duckdb` in `folder`, which is there already, by a project of these models alone."""
    (folder / "macros").mkdir()
    shutil.copy(PROJECT_DIR / "macros" / "materializations.sql", folder / "macros")
    (folder / "dbt_project.yml").write_text(
        f"name: tiny\nprofile: tiny\nmodels: {{+materialized: {materialized}}}\n", encoding="utf-8"
    )
    (folder / "profiles.yml").write_text(
        f"tiny: {{target: t, outputs: {{t: {{type: duckdb, path: {folder}/tiny.duckdb, schema: main}}}}}}\n",
        encoding="utf-8",
    )
    (folder / "models").mkdir()
    for name, text in models.items():
        (folder / "models" / name).write_text(text, encoding="utf-8")
    return subprocess.run(
        [dbt_command(), "build", "--project-dir", folder, "--profiles-dir", folder], capture_output=True, text=True
    )


def test_a_table_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    database = tmp_path / "tiny.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("create view one as select 'a view of old' as x; create table two as select 7 as x")
    ended = _build(
        tmp_path,
        "table",
        {
            "models.yml": CONTRACT,
            "one.sql": "select 'b' as y, 1.5::decimal(18, 2) as x",
            # Fails while its rows are made, not before
            "two.sql": "select cast('no ' || number as integer) as x from range(3) as numbers (number)",
        },
    )
    assert ended.returncode == 1, ended.stdout
    assert "Could not convert string 'no 0'" in ended.stdout
    with duckdb.connect(str(database), read_only=True) as connection:
        columns = connection.execute("select column_name, data_type from duckdb_columns() where table_name = 'one'")
        assert columns.fetchall() == [("x", "DECIMAL(18,2)"), ("y", "VARCHAR")], "not the contract's"
        assert connection.execute("from two").fetchall() == [(7,)]
        assert {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()} == {
            "one", "two",
        }  # fmt: skip


def test_a_view_takes_the_place_of_what_stands_or_leaves_it(tmp_path: Path) -> None:
    database = tmp_path / "tiny.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("create table one as select 1 as x; create view two as select 2 as x")
        connection.execute("create view three as select 3 as x; create view reader as select x + 10 as y from two")
    ended = _build(
        tmp_path,
        "view",
        {"one.sql": "select 'one' as x", "two.sql": "select 22 as x", "three.sql": "select x from nothing_there"},
    )
    assert ended.returncode == 1, ended.stdout
    assert "nothing_there" in ended.stdout
    with duckdb.connect(str(database), read_only=True) as connection:
        assert connection.execute("select one.x, two.x, three.x, y from one, two, three, reader").fetchall() == [
            ("one", 22, 3, 32)
        ]
        views = connection.execute("select view_name from duckdb_views() where not internal order by all").fetchall()
        assert views == [("one",), ("reader",), ("three",), ("two",)]
        assert connection.execute("from duckdb_tables()").fetchall() == []
