"""dbt as Dagster sees it: keys, the environment it gets, and what is said when it fails."""

from __future__ import annotations

import json
import sys

import pytest
from dagster import AssetKey, materialize
from sample_secret import SECRET

from orchestration.assets import models
from orchestration.assets.models import Translator, model_assets
from orchestration.loading.database import LOCK_NAME
from orchestration.transforming.dbt import DBT, target_dir
from orchestration.transforming.results import NodeFailure, TestOutcome, TransformReport


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ("registrations", "registrations"),
        ("ledger", "ledger"),
        ("ledger_periods", "ledger"),
        ("quarantine", "quarantine"),
        ("control", "configuration"),
        ("config_senders", "configuration"),
    ],
)
def test_a_source_is_the_raw_asset_that_loading_fills(source, key):
    props = {"resource_type": "source", "source_name": "raw", "name": source}
    assert Translator().get_asset_key(props) == AssetKey(["raw", key])


def test_every_source_of_the_models_is_loaded_by_an_asset(definitions):
    graph = definitions.resolve_asset_graph()
    raw = {key for key in graph.get_all_asset_keys() if key.path[0] == "raw"}
    assert {key for key in raw if not graph.get(key).is_executable} == set()


def test_dbts_tests_are_checks_of_the_assets(definitions):
    graph = definitions.resolve_asset_graph()
    checked = {key.asset_key for key in graph.asset_check_keys}
    assert AssetKey(["marts", "registration_progress"]) in checked
    assert AssetKey(["core", "fct_registration"]) in checked


# Stands in for dbt: notes what it was started with, and which files it holds open.
NOTES = """
import json, os, sys
files = [os.fstat(int(name)).st_ino for name in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{name}")]
with open(os.environ["DBT_TARGET_PATH"] + "/notes.json", "w") as notes:
    json.dump({"args": sys.argv[1:], "env": dict(os.environ), "files": files}, notes)
"""


@pytest.fixture
def start(settings, warehouse, monkeypatch):
    """Materialize the models with a process in dbt's place that builds nothing; returns the run and its notes."""
    monkeypatch.setattr(models, "DBT", (sys.executable, "-c", NOTES))
    target_dir(settings).mkdir(parents=True)

    def materialized(**config):
        run = materialize(
            [model_assets(settings)],
            resources={"warehouse": warehouse},
            run_config={"ops": {"transform": {"config": config}}},
            raise_on_error=False,
        )
        return run, json.loads((target_dir(settings) / "notes.json").read_text(encoding="utf-8"))

    return materialized


def test_dbt_gets_this_warehouse_and_no_secret(settings, start):
    run, started = start()
    assert started["env"]["WAREHOUSE_DATABASE"] == str(settings.database_path)
    assert SECRET not in str(started["env"])
    assert "0f" * 32 not in str(started["env"])
    # dbt wrote no result: that is a failure in words, not a green step.
    assert not run.success
    (failed,) = run.filter_events(lambda event: event.event_type_value == "STEP_FAILURE")
    assert "dbt ended before it had built anything" in failed.step_failure_data.user_failure_data.description


def test_dbt_holds_the_writer_lock_itself_so_that_it_is_waited_for_when_its_run_was_killed(settings, start):
    _, started = start()
    assert (settings.warehouse_dir / LOCK_NAME).stat().st_ino in started["files"]


def test_dbt_is_found_though_it_is_not_on_the_path(start):
    assert DBT[0] == sys.executable
    assert start()[1]["args"][0] == "build"


@pytest.mark.parametrize("full_refresh", [False, True])
def test_every_table_is_built_anew_where_that_is_asked_for(start, full_refresh):
    assert ("--full-refresh" in start(full_refresh=full_refresh)[1]["args"]) == full_refresh


def test_a_failure_names_models_and_tests_with_their_rows():
    report = TransformReport(
        models_built=12,
        tests_failed=(TestOutcome("unique_dim_region", 3, ""),),
        failures=(NodeFailure("fct_registration", "Binder Error: no such column"),),
        skipped=("registration_progress", "target_progress"),
    )
    said = models.failure(report).description
    assert "model fct_registration: Binder Error: no such column" in said
    assert "test unique_dim_region: 3 rows" in said
    assert "Left out because of that: registration_progress, target_progress" in said
    assert "Readers keep the last publication" in said
