"""The project's way to build a table: in place of what stands there, which stays whole where the build fails."""

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


def test_a_table_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    database = tmp_path / "tiny.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("create view one as select 'a view of old' as x; create table two as select 7 as x")
    (tmp_path / "macros").mkdir()
    shutil.copy(PROJECT_DIR / "macros" / "materialized_table.sql", tmp_path / "macros")
    (tmp_path / "dbt_project.yml").write_text(
        "name: tiny\nprofile: tiny\nmodels: {+materialized: table}\n", encoding="utf-8"
    )
    (tmp_path / "profiles.yml").write_text(
        f"tiny: {{target: t, outputs: {{t: {{type: duckdb, path: {database}, schema: main}}}}}}\n", encoding="utf-8"
    )
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "models.yml").write_text(CONTRACT, encoding="utf-8")
    (tmp_path / "models" / "one.sql").write_text("select 'b' as y, 1.5::decimal(18, 2) as x", encoding="utf-8")
    # Fails while its rows are made, not before
    (tmp_path / "models" / "two.sql").write_text(
        "select cast('no ' || number as integer) as x from range(3) as numbers (number)", encoding="utf-8"
    )
    ended = subprocess.run(
        [dbt_command(), "build", "--project-dir", tmp_path, "--profiles-dir", tmp_path], capture_output=True, text=True
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
