"""What the steps of a build say when they can't go on, or could only do a part."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from dagster import AssetSelection, AssetSpec, Definitions, define_asset_job, materialize

from orchestration.assets.flow import mart_key, raw_key
from orchestration.assets.published import published_asset
from orchestration.assets.raw import raw_assets
from orchestration.checks.quarantine import quarantine_check
from orchestration.checks.timeliness import timeliness_checks
from orchestration.loading.database import LoadingError
from orchestration.loading.load import LoadReport
from orchestration.partitions import read_roster
from orchestration.transforming.dbt import target_dir


def why(run):
    """The words of the step that failed; an error that does not explain itself would have none."""
    (failed,) = run.filter_events(lambda event: event.event_type_value == "STEP_FAILURE")
    return failed.step_failure_data.user_failure_data.description


def test_a_load_that_cannot_go_on_says_why_in_its_own_words(warehouse):
    def broken(_):
        raise LoadingError("P001: its ledger ends with entry 3, but the warehouse holds 5 of them")

    run = materialize([raw_assets()], resources={"warehouse": replace(warehouse, load=broken)}, raise_on_error=False)
    assert why(run) == "P001: its ledger ends with entry 3, but the warehouse holds 5 of them"


def test_a_sender_whose_batches_wait_is_named_though_the_others_are_loaded(warehouse):
    def partly(_):
        return LoadReport(problems=("P002: line 4 of its ledger is no entry",))

    run = materialize([raw_assets()], resources={"warehouse": replace(warehouse, load=partly)})
    told = {made.asset_key: made for made in run.asset_materializations_for_node("load")}
    assert told[raw_key("ledger")].metadata["damaged_ledgers"].value == "P002: line 4 of its ledger is no entry"


@pytest.mark.parametrize("checks", [timeliness_checks, quarantine_check])
def test_a_check_on_a_damaged_warehouse_names_the_file(settings, warehouse, checks):
    settings.warehouse_dir.mkdir(parents=True, exist_ok=True)
    settings.database_path.write_bytes(b"no database " * 1000)
    job = Definitions(
        [AssetSpec(mart_key(name)) for name in ("reporting_timeliness", "data_quality")],
        asset_checks=[checks()],
        jobs=[define_asset_job("judge", selection=AssetSelection.all_asset_checks())],
        resources={"warehouse": warehouse},
    ).resolve_job_def("judge")
    assert f"{settings.database_path}: can't be read" in why(job.execute_in_process(raise_on_error=False))


@pytest.mark.parametrize(("status", "told"), [("fail", "unique_dim_region: 3 rows"), (None, "no transformation")])
def test_the_copy_alone_is_not_published_after_a_build_that_failed(settings, warehouse, status, told):
    """Materialized in a run of its own, where dbt's failure is not above it."""
    if status:
        results = {"results": [{"unique_id": "test.x.unique_dim_region", "status": status, "failures": 3}]}
        target_dir(settings).mkdir(parents=True)
        (target_dir(settings) / "run_results.json").write_text(json.dumps(results), encoding="utf-8")
    asked = []
    copy = published_asset([], read_roster(settings).campaign)
    run = materialize([copy], resources={"warehouse": replace(warehouse, publish=asked.append)}, raise_on_error=False)
    assert told in why(run)
    assert not asked
