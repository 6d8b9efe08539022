"""The definitions load in every state a deployment can be in, fast, and say what is wrong."""

from __future__ import annotations

import ast
import os
import subprocess
import sys

import pytest
import yaml
from dagster import AssetKey, Definitions

from orchestration.assets.flow import landing_key
from orchestration.dagster_home import TEMPLATE, prepare_dagster_home
from orchestration.definitions import build_definitions
from orchestration.resources import WRITER_POOL
from orchestration.settings import PROJECT_ROOT
from orchestration.sources.feeds import FEEDS
from orchestration.transforming.parsed import read_manifest


def test_every_job_schedule_and_sensor_resolves(definitions):
    Definitions.validate_loadable(definitions)
    repository = definitions.get_repository_def()
    assert {"land_platforms", "land_bureaus", "build_marts"} <= set(repository.job_names)
    assert {landing_key(feed) for feed in FEEDS} <= repository.asset_graph.get_all_asset_keys()


def test_they_load_without_a_registry_and_say_how_to_get_one(settings, warehouse):
    settings.sources_path.unlink()
    definitions = build_definitions(warehouse=warehouse)
    Definitions.validate_loadable(definitions)
    described = definitions.resolve_asset_graph().get(AssetKey(["senders", "platforms"])).description
    assert "There is no registry of senders" in described
    assert "make demo" in described


def test_they_load_with_a_registry_that_is_no_yaml(settings, warehouse):
    settings.sources_path.write_text("platforms: [", encoding="utf-8")
    definitions = build_definitions(warehouse=warehouse)
    described = definitions.resolve_asset_graph().get(AssetKey(["senders", "bureaus"])).description
    assert "can't be read" in described


def test_a_sender_with_a_mistake_keeps_its_partitions(settings, warehouse):
    text = settings.sources_path.read_text(encoding="utf-8").replace("inbox: inbox/110000", "inbocks: inbox/110000")
    settings.sources_path.write_text(text, encoding="utf-8")
    graph = build_definitions(warehouse=warehouse).resolve_asset_graph()
    assert graph.get(landing_key("dispatch_reports")).partitions_def.has_partition_key("2020-03-23|110000")
    assert not graph.get(landing_key("courses")).partitions_def.has_partition_key("2020-03-23|110000")


def test_every_asset_says_what_it_is_and_who_owns_it(definitions):
    graph = definitions.resolve_asset_graph()
    silent = [key.to_user_string() for key in graph.get_all_asset_keys() if not graph.get(key).description]
    # Seeds have no text in dbt's project yet where their folder holds nothing but CSV.
    assert [name for name in silent if not name.startswith(("seeds/", "staging/", "intermediate/"))] == []
    assert {tuple(graph.get(key).owners) for key in graph.get_all_asset_keys()} == {("team:data-engineering",)}


def test_whoever_writes_the_database_is_in_the_writers_pool(definitions):
    pools = {}
    for assets in definitions.assets or []:
        for key in getattr(assets, "keys", []):
            pools[key] = assets.node_def.pools if assets.is_executable else set()
    writers = {key.path[0] for key, found in pools.items() if WRITER_POOL in found}
    assert writers == {"raw", "seeds", "staging", "intermediate", "core", "marts", "published"} & {
        key.path[0] for key in pools
    }
    assert not any(found for key, found in pools.items() if key.path[0] == "landing")


def test_no_step_is_repeated_as_a_whole(definitions):
    assert [
        assets.node_def.name
        for assets in definitions.assets or []
        if getattr(assets, "is_executable", False) and getattr(assets.node_def, "retry_policy", None)
    ] == []


def test_dagster_dev_finds_them_and_they_cost_little_more_than_dagster_itself(settings):
    """As `dagster dev` does: by [tool.dagster] in pyproject.toml, in a process of its own. Its processor time
    against that of importing Dagster and dagster-dbt in the same process, so that no busy or slow machine decides; both
    take 3 to 4 s on a machine at rest. The manifest is there, as it is after the first load."""
    read_manifest(settings)
    program = (
        "import time; import warnings; warnings.simplefilter('ignore'); import dagster, dagster_dbt; "
        "libraries = time.process_time(); from dagster._core.workspace.autodiscovery "
        "import loadable_targets_from_python_module as find; from dagster._core.definitions.reconstruct import "
        f"repository_def_from_target_def as load; (target,) = find({_tool_dagster()['module_name']!r}, "
        "None); load(target.target_definition); print((time.process_time() - libraries) / libraries)"
    )
    environment = {**os.environ, **settings.environment}
    shares = []
    for _ in range(2):  # the first may still have to compile the modules
        done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, cwd="/")
        assert done.returncode == 0, done.stderr
        shares.append(float(done.stdout.split()[-1]))
        if shares[-1] < 1.25:
            break
    assert min(shares) < 1.25, shares  # 0.86 when this was written


def _tool_dagster() -> dict[str, str]:
    import tomllib

    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return project["tool"]["dagster"]


def test_the_template_of_the_instance_is_quiet_and_has_one_writer(settings):
    configuration = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))
    assert configuration["telemetry"] == {"enabled": False}
    assert configuration["nux"] == {"enabled": False}
    assert configuration["concurrency"]["pools"] == {"granularity": "run", "default_limit": 1}
    assert configuration["run_retries"] == {"enabled": False}
    home = prepare_dagster_home(settings)
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    assert prepare_dagster_home(settings) == home
    assert (home / "dagster.yaml").read_text(encoding="utf-8") == "telemetry: {enabled: false}\n"


def test_a_teams_configuration_is_the_templates_but_for_its_storage():
    template, team = (
        yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in (TEMPLATE, PROJECT_ROOT / "docs" / "team" / "dagster.yaml")
    )
    assert team.pop("storage")["postgres"]["postgres_db"]["password"] == {"env": "DAGSTER_PG_PASSWORD"}
    del template["event_log_storage"]
    assert team == template


@pytest.mark.parametrize("package", ["sources", "landing", "loading", "transforming", "publishing"])
def test_what_does_the_work_imports_no_dagster(package):
    for path in (PROJECT_ROOT / "orchestration" / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.split(".")[0].startswith("dagster")], path
