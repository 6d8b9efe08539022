"""The sandbox counts its truth by itself: it may know the contract and the calendar, and nothing of the warehouse."""

from __future__ import annotations

import subprocess
import sys

from project_files import imported_modules, name_of, project_files

MAY_IMPORT = (
    "orchestration.sandbox",
    "orchestration.settings",
    "orchestration.calendar",
    "orchestration.campaign",
    "orchestration.sources.feeds",
)
WAREHOUSE = tuple(f"orchestration.{part}" for part in ("loading", "landing", "transforming", "publishing"))
FORBIDDEN = ("dbt", "duckdb", "dagster", "sqlglot", "sqlalchemy", "jinja2")


def _of_sandbox():
    found = [path for path in project_files(".py", under="orchestration") if "orchestration/sandbox/" in name_of(path)]
    assert len(found) > 20, "the sandbox's modules were not found"
    return found


def test_the_sandbox_imports_of_the_project_only_the_contract_and_the_calendar():
    wrong = {
        name_of(path): sorted(
            module
            for module in imported_modules(path)
            if module.split(".")[0] == "orchestration"
            and not any(module == allowed or module.startswith(f"{allowed}.") for allowed in MAY_IMPORT)
        )
        for path in _of_sandbox()
    }
    assert {name: modules for name, modules in wrong.items() if modules} == {}


def test_the_sandbox_imports_neither_dbt_nor_a_database():
    wrong = {
        name_of(path): sorted(module for module in imported_modules(path) if module.split(".")[0] in FORBIDDEN)
        for path in _of_sandbox()
    }
    assert {name: modules for name, modules in wrong.items() if modules} == {}


def test_making_a_world_loads_no_part_of_the_warehouse(tmp_path):
    script = (
        "import sys; from pathlib import Path; from orchestration.sandbox import make_world;"
        f"make_world(Path({str(tmp_path / 'world')!r}), registrations=20, port=0);"
        "import orchestration.sandbox.server;"
        f"bad = sorted(m for m in sys.modules if m.split('.')[0] in {FORBIDDEN!r} or m.startswith({WAREHOUSE!r}));"
        "sys.exit(', '.join(bad) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_sandbox_reads_no_seed_and_no_model():
    """Its lists are its own, so that a code lost in the seeds shows as a difference."""
    words = ("seeds/", "seeds_dir", "dbt_project", ".sql")
    wrong = [(name_of(path), word) for path in _of_sandbox() for word in words if word in path.read_text("utf-8")]
    assert wrong == []
