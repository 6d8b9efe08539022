"""The project is parsed once for as long as it stays as it is, whatever warehouse and seeds dbt is run with."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import Settings
from orchestration.transforming import parsed
from orchestration.transforming.dbt import run_dbt
from orchestration.transforming.parsed import ManifestError, parsed_project, read_manifest


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_environment({**os.environ, "WAREHOUSE_DIR": str(tmp_path / "warehouse")})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "dbt_project"
    (folder / "models").mkdir(parents=True)
    (folder / "dbt_project.yml").write_text("name: tiny\nprofile: tiny\nmodel-paths: [models]\n", encoding="utf-8")
    (folder / "profiles.yml").write_text(
        "tiny: {target: duckdb, outputs: {duckdb: {type: duckdb, path: ':memory:'}}}\n", encoding="utf-8"
    )
    (folder / "models" / "one.sql").write_text("select 1 as x", encoding="utf-8")
    return folder


def models(settings: Settings, project: Path) -> set[str]:
    nodes = read_manifest(settings, project)["nodes"].values()
    return {node["name"] for node in nodes if node["resource_type"] == "model"}


def test_a_changed_project_is_parsed_again_and_an_unchanged_one_is_not(
    settings: Settings, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parsed, "_KEPT", 1)
    assert models(settings, project) == {"one"}
    (project / "models" / "two.sql").write_text("select 2 as x", encoding="utf-8")
    assert models(settings, project) == {"one", "two"}
    kept = parsed_project(settings, project)
    assert [path for path in kept.parent.iterdir() if path.is_dir()] == [kept], "an old state was not taken away"
    monkeypatch.setattr(parsed, "dbt_command", lambda: pytest.fail("parsed again"))
    elsewhere = replace(settings, warehouse_dir=settings.warehouse_dir / "elsewhere")
    assert models(elsewhere, project) == {"one", "two"}


def test_a_project_that_does_not_parse_says_dbts_own_words_and_leaves_nothing(
    settings: Settings, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does it need the project's folder, which may only be read."""
    monkeypatch.setattr(parsed.os, "access", lambda *_: False)
    (project / "models" / "one.sql").write_text("select * from {{ ref('nowhere') }}", encoding="utf-8")
    with pytest.raises(ManifestError, match="nowhere"):
        read_manifest(settings, project)
    assert not (project / "target").exists()
    assert [path.name for path in (settings.warehouse_dir / "dbt" / "parsed").iterdir()] == [".lock"]


def test_dbt_reads_the_seeds_of_the_warehouse_it_is_run_on(settings: Settings, tmp_path: Path) -> None:
    """Also where the project was parsed with those of another."""
    parsed_project(settings)
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    for path in settings.seeds_dir.glob("*.csv"):
        text = path.read_text(encoding="utf-8")
        (seeds / path.name).write_text(text.replace("湖北省", "楚天省"), encoding="utf-8")
    other = replace(settings, seeds_dir=seeds)
    other.warehouse_dir.mkdir(parents=True)
    assert run_dbt(other, ["--quiet", "seed", "--select", "provinces"]) == 0
    with duckdb.connect(str(other.database_path), read_only=True) as connection:
        names = {name for (name,) in connection.execute("select province_name_zh from seeds.provinces").fetchall()}
    given = {line.split(",")[1] for line in (seeds / "provinces.csv").read_text(encoding="utf-8").splitlines()[1:]}
    assert names == given


def test_the_exit_code_is_dbts(settings: Settings) -> None:
    """Where it can't do its work; that of a run that went well is seen above."""
    settings.warehouse_dir.mkdir(parents=True)
    assert run_dbt(settings, ["--quiet", "build", "--no-such-option"]) == 2
