"""dbt's unit tests, run by dbt itself: those on sources and with lists (staging), and one given by SQL.

A build of a warehouse leaves them out, since they don't look at its data. tests/unit/dbt/test_unit_tests.py sees that
every one holds.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from deployment import Deployment

from orchestration.settings import Settings
from orchestration.transforming.dbt import run_dbt, target_dir

pytestmark = pytest.mark.pipeline
SOME = ("test_type:unit,path:models/staging", "test_type:unit,fct_signal_shared_device")


def test_dbt_runs_them_as_they_are_written(few_built: Deployment, tmp_path: Path) -> None:
    # dbt asks the database for the columns of a model's inputs, so the models must be there; their rows don't matter.
    shutil.copyfile(few_built.database, tmp_path / few_built.database.name)
    there = replace(
        few_built,
        directory=tmp_path,
        more={"DBT_EXCLUDE_RESOURCE_TYPES": "test", "DBT_INDIRECT_SELECTION": "eager"},
    )
    settings = Settings.from_environment(there.environment)
    code = run_dbt(settings, ["test", "--quiet", "--select", *SOME])
    results = orjson.loads((target_dir(settings) / "run_results.json").read_bytes())["results"]
    wrong = {result["unique_id"]: result["message"] for result in results if result["status"] != "pass"}
    assert wrong == {}
    assert code == 0
    assert len(results) >= 20, "fewer unit tests than there were: are they still selected?"
