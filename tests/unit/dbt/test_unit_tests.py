"""dbt's unit tests, all in one run: a build of a warehouse leaves them out, since they don't look at its data."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from support.raw_world import RawWorld

from orchestration.transforming.dbt import run_dbt, target_dir

pytestmark = pytest.mark.pipeline


def test_every_unit_test_of_the_project_passes(tmp_path: Path) -> None:
    world = RawWorld(tmp_path)
    # dbt asks the database for the columns of a model's inputs, so the models must be there, empty.
    world.build("resource_type:model resource_type:seed")
    environment = dict(world.settings.environment) | {
        "DBT_EXCLUDE_RESOURCE_TYPES": "test",
        "DBT_INDIRECT_SELECTION": "eager",
    }
    settings = type(world.settings).from_environment(environment)
    code = run_dbt(settings, ["test", "--quiet", "--select", "test_type:unit"])
    results = orjson.loads((target_dir(settings) / "run_results.json").read_bytes())["results"]
    wrong = {result["unique_id"]: result["message"] for result in results if result["status"] != "pass"}
    assert wrong == {}
    assert code == 0
    assert len(results) >= 85, "fewer unit tests than there were: are they still selected?"
