"""dbt as Dagster sees it: keys, the environment it gets, and what is said when it fails."""

from __future__ import annotations

import sys

import pytest
from dagster import AssetKey, materialize
from sample_secret import SECRET

from orchestration.assets import models
from orchestration.assets.models import Translator, model_assets
from orchestration.transforming.dbt import DBT
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


@pytest.fixture
def started(monkeypatch):
    """What dbt is started with; nothing runs."""
    seen = {}

    class Invocation:
        def stream(self):
            return iter(())

    def run(**arguments):
        seen.update(arguments)
        return Invocation()

    monkeypatch.setattr(models.DbtCliInvocation, "run", run)
    return seen


def test_dbt_gets_this_warehouse_and_no_secret(settings, warehouse, started):
    run = materialize([model_assets(settings)], resources={"warehouse": warehouse}, raise_on_error=False)
    environment = started["env"]
    assert environment["WAREHOUSE_DATABASE"] == str(settings.database_path)
    assert SECRET not in str(environment)
    assert "0f" * 32 not in str(environment)
    # dbt wrote no result: that is a failure in words, not a green step.
    assert not run.success
    (failed,) = run.filter_events(lambda event: event.event_type_value == "STEP_FAILURE")
    assert "dbt ended before it had built anything" in failed.step_failure_data.user_failure_data.description


def test_dbt_is_found_though_it_is_not_on_the_path(settings, warehouse, started):
    materialize([model_assets(settings)], resources={"warehouse": warehouse}, raise_on_error=False)
    assert (*started["args"][: len(DBT)], started["args"][len(DBT)]) == (*DBT, "build")
    assert DBT[0] == sys.executable


@pytest.mark.parametrize("full_refresh", [False, True])
def test_every_table_is_built_anew_where_that_is_asked_for(settings, warehouse, started, full_refresh):
    materialize(
        [model_assets(settings)],
        resources={"warehouse": warehouse},
        run_config={"ops": {"transform": {"config": {"full_refresh": full_refresh}}}},
        raise_on_error=False,
    )
    assert ("--full-refresh" in started["args"]) == full_refresh


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
