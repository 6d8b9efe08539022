"""A full run without Dagster and dbt: load, the statements of dbt's last build, publish.

    run_results.json, target/run → the same views, tables and tests in the same order → warehouse.duckdb

What a run takes beyond this is Dagster's and dbt's own share. Seeds are copied from the warehouse that dbt built, the
argument of `python -m benchmarks.statements`: dbt writes them row by row, which is its own doing.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb

from orchestration.loading.database import open_for_writing, set_clock, writer_lock
from orchestration.loading.load import load
from orchestration.publishing.publish import publish
from orchestration.settings import Settings
from orchestration.transforming.dbt import target_dir
from orchestration.transforming.results import read_artifact

SCHEMAS = ("seeds", "staging", "intermediate", "core", "marts")


def main(built_by_dbt: str) -> None:
    settings = Settings.from_environment()
    load(settings)
    set_clock(settings)
    with writer_lock(settings), open_for_writing(settings) as connection:
        _copy_seeds(connection, built_by_dbt)
        _run(connection, _statements(target_dir(settings)), settings.threads)
    publish(settings)


def _copy_seeds(connection: duckdb.DuckDBPyConnection, source: str) -> None:
    for schema in SCHEMAS:
        connection.execute(f"create schema if not exists {schema}")
    connection.execute(f"attach '{source}' as built_by_dbt (read_only)")
    seeds = connection.execute(
        "select table_name from duckdb_tables() where database_name = 'built_by_dbt' and schema_name = 'seeds'"
    ).fetchall()
    for (name,) in seeds:
        connection.execute(f"create table seeds.{name} as from built_by_dbt.seeds.{name}")
    connection.execute("detach built_by_dbt")


def _statements(target: Path) -> dict[str, tuple[str, set[str]]]:
    """Of each model and test that was built: its statement and what it reads."""
    nodes = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    artifact = read_artifact(target)
    assert artifact is not None, "nothing was built by dbt here"
    found = {}
    for result in artifact["results"]:
        unique_id = result["unique_id"]
        node = nodes["nodes"].get(unique_id)
        if node is None or node["resource_type"] not in ("model", "test"):
            continue
        path = target / "run" / node["package_name"] / node["original_file_path"]
        if node["resource_type"] == "test" and Path(node["path"]).name != path.name:
            # Tests of a .yml file lie in a folder of its name.
            path /= Path(node["path"]).name
        found[unique_id] = (path.read_text(encoding="utf-8"), {*node["depends_on"]["nodes"]})
    return {name: (text, parents & found.keys()) for name, (text, parents) in found.items()}


def _run(
    connection: duckdb.DuckDBPyConnection, statements: dict[str, tuple[str, set[str]]], threads_count: int
) -> None:
    """Each after what it reads, as many at once as dbt runs."""
    order = TopologicalSorter({name: parents for name, (_, parents) in statements.items()})
    order.prepare()

    def run_one(name: str) -> str:
        with connection.cursor() as cursor:
            cursor.execute(statements[name][0])
            cursor.fetchall()
        return name

    running: set[Future[str]] = set()
    with ThreadPoolExecutor(min(threads_count, 4)) as threads:
        while order.is_active():
            running |= {threads.submit(run_one, name) for name in order.get_ready()}
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                order.done(future.result())


if __name__ == "__main__":
    main(*sys.argv[1:])
