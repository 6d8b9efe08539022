"""When the models' tests fail: named with their rows, exit code 1, and readers keep what they had."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from deployment import Deployment, tables_of

from orchestration.settings import PROJECT_ROOT
from orchestration.transforming.dbt import WITHOUT_TESTS

pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def spoilt(few_built: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """A copy of a built warehouse whose seeds name two provinces twice."""
    folder = tmp_path_factory.mktemp("spoilt")
    shutil.copytree(few_built.directory, folder / "warehouse", symlinks=True)
    shutil.copytree(PROJECT_ROOT / "seeds", folder / "seeds")
    path = folder / "seeds" / "provinces.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([*lines, *lines[1:3]]), encoding="utf-8")
    return Deployment(folder / "warehouse", few_built.sources, more={"WAREHOUSE_SEEDS": str(folder / "seeds")})


def test_a_failing_test_is_named_with_its_rows_and_the_last_copy_stays(spoilt: Deployment) -> None:
    version = spoilt.published.readlink()
    published = tables_of(spoilt.published, "marts")
    ended = spoilt.run("build")
    assert ended.exit_code == 1
    named = [line for line in ended.stdout.splitlines() if "primary_key" in line and "provinces" in line]
    assert named and named[0].strip().endswith(": 2 rows")
    assert "withheld" in ended.stdout
    assert spoilt.published.readlink() == version
    assert tables_of(spoilt.published, "marts") == published


def test_publishing_alone_is_refused_and_says_why(spoilt: Deployment) -> None:
    ended = spoilt.run("publish", "--json")
    assert (ended.exit_code, ended.answer["exit_code"]) == (1, 1)
    assert "primary_key" in ended.stderr and "warehouse transform" in ended.stderr


def test_mended_it_publishes_again(spoilt: Deployment, few_built: Deployment) -> None:
    mended = Deployment(spoilt.directory, few_built.sources)
    ended = mended.run("build", "--json")
    assert ended.exit_code == 0, ended.text
    assert ended.answer["pull"]["batches_count"] == 0
    for name, rows in tables_of(few_built.database, "marts").items():
        assert mended.query(f"from marts.{name} order by all") == rows, name


def test_everything_can_be_built_anew_from_landing(few_built: Deployment, tmp_path: Path) -> None:
    """warehouse.duckdb is a cache: gone, the next build makes it again, and the same."""
    shutil.copytree(few_built.directory / "landing", tmp_path / "warehouse" / "landing")
    again = Deployment(tmp_path / "warehouse", few_built.sources, more=WITHOUT_TESTS)
    ended = again.run("build", "--full-refresh", "--json")
    assert ended.exit_code == 0, ended.text
    assert ended.answer["pull"]["batches_count"] == 0
    for schema in ("core", "marts"):
        expected, found = (tables_of(each.database, schema) for each in (few_built, again))
        assert set(found) == set(expected)
        assert [name for name, rows in expected.items() if found[name] != rows and name != "fct_delivery"] == []
