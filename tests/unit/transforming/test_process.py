"""dbt's process ends at once, and leaves behind what a process that is taken apart leaves: its code, its words, a
closed database."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import Settings
from orchestration.transforming.dbt import DBT
from orchestration.transforming.parsed import PROJECT_DIR


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings.from_environment({**os.environ, "WAREHOUSE_DIR": str(tmp_path / "warehouse")})
    settings.warehouse_dir.mkdir()
    return settings


def ended(settings: Settings, command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = settings.subprocess_environment()
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_all_is_closed_and_said_before_it_ends(settings: Settings) -> None:
    folder = str(settings.warehouse_dir / "dbt")
    directories = ["--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR)]
    logs = ["--target-path", folder, "--log-path", folder]
    done = ended(settings, [*DBT, "seed", "--select", "provinces", *directories, *logs])
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "Completed successfully" in done.stdout
    assert "Completed successfully" in (settings.warehouse_dir / "dbt" / "dbt.log").read_text(encoding="utf-8")
    left = [path.name for path in settings.warehouse_dir.iterdir()]
    assert sorted(left) == ["dbt", settings.database_path.name], "a log of changes is left beside the database"
    with duckdb.connect(str(settings.database_path), read_only=True) as connection:
        assert connection.execute("select count(*) > 30 from seeds.provinces").fetchall() == [(True,)]


def test_its_exit_code_is_dbts(settings: Settings) -> None:
    done = ended(settings, [*DBT, "no-command"])
    assert done.returncode == 2
    assert "no-command" in done.stderr


def test_an_exception_that_nobody_caught_is_told_and_is_a_failure(settings: Settings) -> None:
    program = (
        "from orchestration.transforming import process, invocation; "
        "invocation.run = lambda _: 1 / 0; process.main(['build'])"
    )
    done = ended(settings, [sys.executable, "-c", program])
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
